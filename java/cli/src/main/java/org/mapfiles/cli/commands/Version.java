package org.mapfiles.cli.commands;

import picocli.CommandLine.IVersionProvider;

/** Prints the version of the jar, of Java and of Linux. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        return new String[] {
            "mapfiles " + (version == null ? "(development)" : version) + ", Java "
                    + Runtime.version().feature() + ", Linux " + System.getProperty("os.version")
        };
    }
}
