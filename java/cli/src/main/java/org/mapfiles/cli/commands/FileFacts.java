package org.mapfiles.cli.commands;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.files.StaleMappingException;

/**
 * The facts that all mappings of a file have in common. They are read once for each file, also if its mappings are in
 * several chunks of the list. Of the files of earlier chunks only a digest is kept, since a process may have as many
 * files as mappings.
 */
final class FileFacts {
    /** The state of memory that the kernel keeps in a file without a path: memfd, System V, shared anonymous memory. */
    private static final String NO_PATH = "no_path";

    /** The facts of one file, as they are printed. */
    record Facts(String state, String verified) {}

    /** The first 128 bits of a digest of a file: a process that chooses the names cannot make two files equal. */
    private record Key(long first, long second) {}

    private final MapFiles files;
    private final Map<String, Integer> states = new TreeMap<>();
    private Facts[] ofChunk = {};
    /** Null in the first chunk. */
    private Map<Key, Facts> ofAll;

    private MessageDigest digest;
    /** The files of the first chunk. Most processes have one chunk, and need no digest. */
    private final Map<ByteBuffer, Facts> ofFirstChunk = new LinkedHashMap<>();

    private boolean hasBegun;
    private int count;

    FileFacts(MapFiles files) {
        this.files = files;
    }

    /** Begins a chunk of the list. File indices are valid within one chunk. */
    @SuppressWarnings("ByteBufferBackingArray") // the buffers are made by ByteBuffer.wrap() below
    void beginChunk(MapSnapshot chunk) {
        if (hasBegun && ofAll == null) {
            ofAll = new HashMap<>();
            digest = sha256();
            ofFirstChunk.forEach((file, facts) -> ofAll.put(key(file.array()), facts));
            ofFirstChunk.clear();
        }
        hasBegun = true;
        ofChunk = new Facts[chunk.fileCount()];
    }

    /** Returns the facts of the file of a mapping of this chunk. */
    Facts of(MapCursor mapping) throws MapsException {
        Facts facts = ofChunk[mapping.fileIndex()];
        if (facts == null) {
            byte[] file = identity(mapping);
            Key key = ofAll == null ? null : key(file);
            facts = key == null ? null : ofAll.get(key);
            if (facts == null) {
                facts = new Facts(state(files, mapping), verified(files, mapping));
                count++;
                states.merge(facts.state(), 1, Integer::sum);
                if (key == null) {
                    ofFirstChunk.put(ByteBuffer.wrap(file), facts);
                } else {
                    ofAll.put(key, facts);
                }
            }
            ofChunk[mapping.fileIndex()] = facts;
        }
        return facts;
    }

    /** Returns the number of files so far. */
    int count() {
        return count;
    }

    /** Returns how many files have each state, in alphabetical order. */
    Map<String, Integer> states() {
        return states;
    }

    /** Returns device, inode and name as bytes. */
    private static byte[] identity(MapCursor mapping) {
        ByteBuffer file = ByteBuffer.allocate(2 * Integer.BYTES + Long.BYTES + mapping.nameLength());
        file.putInt(mapping.deviceMajor()).putInt(mapping.deviceMinor()).putLong(mapping.inode());
        mapping.name(file.array(), file.position());
        return file.array();
    }

    private Key key(byte[] file) {
        ByteBuffer sum = ByteBuffer.wrap(digest.digest(file));
        return new Key(sum.getLong(), sum.getLong());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256"); // every Java platform has it
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String state(MapFiles files, MapCursor mapping) throws MapsException {
        try {
            FileState state = files.state(mapping);
            return state == FileState.DELETED && mapping.kind() != Mapping.Kind.FILE ? NO_PATH : text(state);
        } catch (StaleMappingException unmapped) {
            return text(FileState.UNKNOWN);
        }
    }

    private static String verified(MapFiles files, MapCursor mapping) throws MapsException {
        try {
            return text(files.quickVerify(mapping));
        } catch (StaleMappingException unmapped) {
            return text(Verification.NOT_VERIFIED);
        }
    }

    private static String text(FileState state) {
        switch (state) {
            case PRESENT:
                return "ok";
            case DELETED:
            case REPLACED:
            case UNLINKED:
            case COPIED:
                return JsonLines.constant(state);
            default:
                return "unknown";
        }
    }

    private static String text(Verification verification) {
        return JsonLines.constant(verification);
    }
}
