package org.mapfiles.cli.commands;

import java.util.ArrayList;
import org.mapfiles.MapFilter;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.NamePattern;
import org.mapfiles.cli.target.PermissionPattern;
import org.mapfiles.files.MapFiles;
import picocli.CommandLine.Option;

/** Which mappings a command reads. A mapping must have all that is given. */
final class MappingOptions {
    @Option(names = "--exec", description = "Executable mappings only.")
    private boolean executable;

    @Option(names = "--deleted", description = "Mappings of deleted files only.")
    private boolean deleted;

    @Option(
            names = "--file",
            paramLabel = "GLOB",
            converter = Converters.OfName.class,
            description = "Only names that match, such as '*.so'.")
    private NamePattern name;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            converter = Converters.OfKinds.class,
            completionCandidates = KindNames.class,
            description = "Only kinds such as file or heap,stack.")
    private ConstantSet<Mapping.Kind> kinds;

    @Option(
            names = "--perms",
            paramLabel = "PERMS",
            converter = Converters.OfPermissions.class,
            description = "Only with permissions such as rw, or r-x? (? is any).")
    private PermissionPattern permissions;

    /** Returns whether all mappings are read. */
    boolean isAll() {
        return !executable && !deleted && name == null && kinds == null && permissions == null;
    }

    /** Returns the part of the options that reading can apply. */
    MapFilter filter() {
        return executable ? MapFilter.all().executable() : MapFilter.all();
    }

    /** Mappings that are left out since it is unknown whether their file is deleted. */
    private long unknown;

    /** Returns whether a mapping is one of those. */
    boolean matches(Mapping mapping, FileName fileName) {
        boolean matches = matchesBesideDeletion(mapping, fileName);
        if (matches && deleted && fileName.deletion() == Deletion.UNKNOWN) {
            unknown++;
        }
        return matches && (!deleted || fileName.deletion() == Deletion.DELETED);
    }

    /** As {@link #matches}, without a query. A file that may be deleted matches. */
    boolean mayMatch(Mapping mapping) {
        FileName fileName = FileName.withoutQuery(mapping);
        return matchesBesideDeletion(mapping, fileName) && (!deleted || fileName.deletion() != Deletion.NOT_DELETED);
    }

    /** Reports mappings that are left out since it is unknown whether their file is deleted. */
    void reportUnknown(Terminal terminal) {
        if (unknown > 0) {
            terminal.report(unknown + (unknown == 1 ? " mapping is" : " mappings are")
                    + " left out: whether the file is deleted is unknown"
                    + MapFiles.followDenial()
                            .map(denial -> ": " + denial.getMessage())
                            .orElse(""));
        }
    }

    private boolean matchesBesideDeletion(Mapping mapping, FileName fileName) {
        return (!executable || mapping.isExecutable())
                && (kinds == null || kinds.values().contains(mapping.kind()))
                && (permissions == null || permissions.matches(mapping.permissions()))
                && (name == null || name.matches(fileName.raw()));
    }

    /** The kinds, for completion. */
    static final class KindNames extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        KindNames() {
            super(ConstantSet.names(Mapping.Kind.class));
        }
    }
}
