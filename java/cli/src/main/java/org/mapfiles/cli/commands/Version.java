package org.mapfiles.cli.commands;

import picocli.CommandLine.IVersionProvider;

/** Version of the jar, and of what it runs on. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        return new String[] {"mapfiles " + (version == null ? "(not from a jar)" : version) + ", Java "
                + Runtime.version().feature() + ", Linux " + System.getProperty("os.version")};
    }
}
