package org.mapfiles.cli.commands;

import java.io.IOException;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MapFilesEntries.FieldStatus;

/** What stat(2) returns about a mapped file, as JSON has it. */
record FileStat(String type, int deviceMajor, int deviceMinor, long inode, int links, long size) {
    /** File types of st_mode, stat(2). */
    private static final int TYPE = 0170000;

    private static final int REGULAR_FILE = 0100000;

    /** Returns null if it is unknown. */
    static FileStat of(MapFilesEntries entry) {
        if (entry.statStatus() != FieldStatus.KNOWN) {
            return null;
        }
        String type = entry.isDevice() ? "device" : (entry.mode() & TYPE) == REGULAR_FILE ? "regular" : "other";
        return new FileStat(
                type, entry.deviceMajor(), entry.deviceMinor(), entry.inode(), entry.nlink(), entry.fileSize());
    }

    /** Writes the fields of a row. */
    static void json(JsonLines lines, FileStat stat) throws IOException {
        if (stat == null) {
            lines.nullValue("file_type")
                    .nullValue("file_dev_major")
                    .nullValue("file_dev_minor")
                    .nullValue("file_inode")
                    .nullValue("file_nlink")
                    .nullValue("file_size");
        } else {
            lines.text("file_type", stat.type)
                    .number("file_dev_major", Integer.toUnsignedLong(stat.deviceMajor))
                    .number("file_dev_minor", Integer.toUnsignedLong(stat.deviceMinor))
                    .unsigned("file_inode", stat.inode)
                    .number("file_nlink", Integer.toUnsignedLong(stat.links))
                    .number("file_size", stat.size);
        }
    }
}
