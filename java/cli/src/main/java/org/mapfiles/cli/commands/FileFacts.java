package org.mapfiles.cli.commands;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.files.FileState;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.StaleMappingException;
import org.mapfiles.files.Verification;

/**
 * What is the same for all mappings of a file. It is asked once for each file, also if mappings of the file are in several parts of the
 * list. Of files in earlier parts only a digest is kept, since a process may have as many files as mappings.
 */
final class FileFacts {
    /** The facts of one file, as they are printed. */
    record Facts(String state, String verified) {
    }

    /** A file by the beginning of a digest: a process that chooses the names cannot make two files equal. */
    private record Key(long first, long second) {
    }

    private final MapFiles files;
    private final Map<String, Integer> states = new TreeMap<>();
    private Facts[] ofPart = {};
    /** Null: this is the first part. */
    private Map<Key, Facts> ofAll;
    private MessageDigest digest;
    /** The files of the first part. Most processes have no other, and need no digest. */
    private final Map<ByteBuffer, Facts> ofFirstPart = new LinkedHashMap<>();
    private boolean isBegun;
    private int count;

    FileFacts(MapFiles files) {
        this.files = files;
    }

    /** Begins a part of the list, whose file indices are of that part alone. */
    void beginPart(MapSnapshot part) {
        if (isBegun && ofAll == null) {
            ofAll = new HashMap<>();
            digest = sha256();
            ofFirstPart.forEach((file, facts) -> ofAll.put(key(file.array()), facts));
            ofFirstPart.clear();
        }
        isBegun = true;
        ofPart = new Facts[part.fileCount()];
    }

    /** Returns the facts of the file of a mapping of the present part. */
    Facts of(MapCursor mapping) throws MapsException {
        Facts facts = ofPart[mapping.fileIndex()];
        if (facts == null) {
            byte[] file = identity(mapping);
            Key key = ofAll == null ? null : key(file);
            facts = key == null ? null : ofAll.get(key);
            if (facts == null) {
                facts = new Facts(state(files, mapping), verified(files, mapping));
                count++;
                states.merge(facts.state(), 1, Integer::sum);
                if (key == null) {
                    ofFirstPart.put(ByteBuffer.wrap(file), facts);
                } else {
                    ofAll.put(key, facts);
                }
            }
            ofPart[mapping.fileIndex()] = facts;
        }
        return facts;
    }

    /** Returns the number of files so far. */
    int count() {
        return count;
    }

    /** Returns how many files have each state. */
    Map<String, Integer> states() {
        return states;
    }

    /** Device, inode and name. */
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
            return MessageDigest.getInstance("SHA-256"); // one that every Java platform has
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String state(MapFiles files, MapCursor mapping) throws MapsException {
        try {
            return text(files.state(mapping));
        } catch (StaleMappingException gone) {
            return text(FileState.UNKNOWN);
        }
    }

    private static String verified(MapFiles files, MapCursor mapping) throws MapsException {
        try {
            return text(files.quickVerify(mapping));
        } catch (StaleMappingException gone) {
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
                return state.name().toLowerCase(Locale.ROOT);
            default:
                return "unknown";
        }
    }

    private static String text(Verification proof) {
        return proof.name().toLowerCase(Locale.ROOT);
    }
}
