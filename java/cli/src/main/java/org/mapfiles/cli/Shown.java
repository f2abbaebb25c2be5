package org.mapfiles.cli;

import org.mapfiles.Mapping;
import org.mapfiles.MappingKind;

/** A mapping kept to be shown later. Equal is what has one range, permissions and name. */
final class Shown {
    final long start;
    final long end;
    final long offset;
    final int deviceMajor;
    final int deviceMinor;
    final long inode;
    final MappingKind kind;
    final String permissions;
    final FileName name;

    private Shown(Mapping mapping) {
        start = mapping.start();
        end = mapping.end();
        offset = mapping.offset();
        deviceMajor = mapping.deviceMajor();
        deviceMinor = mapping.deviceMinor();
        inode = mapping.inode();
        kind = mapping.kind();
        permissions = mapping.permissions();
        name = FileName.unasked(mapping);
    }

    static Shown of(Mapping mapping) {
        return new Shown(mapping);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shown && start == ((Shown) other).start && end == ((Shown) other).end
                && permissions.equals(((Shown) other).permissions) && name.display().equals(((Shown) other).name.display());
    }

    @Override
    public int hashCode() {
        return Long.hashCode(start * 31 + end);
    }
}
