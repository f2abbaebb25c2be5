package org.mapfiles;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.internal.SnapshotBuffer;

/** Gives the other packages of this module access to internals of this package. */
final class Access extends RootAccess {
    private static final Access INSTANCE = new Access();

    private Access() {}

    /** Sets the access. The static initializers of the classes that other packages use call this. */
    static void give() {
        set(INSTANCE);
    }

    @Override
    public OpenProcess process(Object maps) {
        return ((ProcessMaps) maps).process();
    }

    @Override
    public int pidAtProc(Object maps) {
        return ((ProcessMaps) maps).pidAtProc();
    }

    @Override
    public IOException failure(int errno, String subject, int pidAtProc) {
        return Exceptions.of(errno, subject, pidAtProc);
    }

    @Override
    public IOException failure(int errno, Object maps) {
        return ((ProcessMaps) maps).failure(errno);
    }

    @Override
    public boolean isShortage(IOException failure) {
        return failure instanceof Exceptions.ShortageException;
    }

    @Override
    public SnapshotBuffer buffer(Object snapshot) {
        return ((MapSnapshot) snapshot).buffer();
    }

    @Override
    public @Nullable Object owner(Object snapshot) {
        return ((MapSnapshot) snapshot).owner();
    }

    @Override
    public @Nullable Object snapshot(Object mapping) {
        return mapping instanceof MapCursor cursor ? cursor.snapshot() : null;
    }

    @Override
    public void copy(Object mapping, NativeMemory to) {
        copy((Mapping) mapping, to.bytes());
    }

    /** Writes a mapping as {@code struct mf_mapping}, without its name. */
    static void copy(Mapping mapping, ByteBuffer to) {
        to.putLong(MapRecord.START, mapping.start())
                .putLong(MapRecord.END, mapping.end())
                .putLong(MapRecord.OFFSET, mapping.offset())
                .putLong(MapRecord.INODE, mapping.inode())
                .putInt(MapRecord.DEV_MAJOR, mapping.deviceMajor())
                .putInt(MapRecord.DEV_MINOR, mapping.deviceMinor())
                .putInt(MapRecord.FLAGS, mapping.flags())
                .putInt(MapRecord.FILE_INDEX, mapping.fileIndex());
    }

    @Override
    public int version(Object snapshot) {
        return ((MapSnapshot) snapshot).version();
    }

    @Override
    public Object mapping(
            long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name) {
        return new ImmutableMapping(start, end, offset, inode, deviceMajor, deviceMinor, flags, name);
    }

    @Override
    public Object mapping(Object mapping, int flags, byte[] name) {
        return ImmutableMapping.of((Mapping) mapping, flags, name);
    }

    @Override
    public byte[] name(Object mapping) {
        return ((ImmutableMapping) mapping).rawName();
    }

    @Override
    public int flags(Object mapping) {
        return ((ImmutableMapping) mapping).storedFlags();
    }
}
