package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MappedFile;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds static variables of libjvm that it does not export, by mangled name in the symbol table of its file, if that
 * has one (System V gABI, chapter 4). The file is used only if it is verified to be the mapped file.
 */
final class VmSymbols {
    /** libjvm of JDK 17 to 25 has 1.4 MB of symbols and 3.3 MB of names. */
    private static final int MAX_BYTES = 32 << 20;

    private static final int PART = 256 << 10;
    private static final int MAX_SECTIONS = 4096;
    private static final int SECTION = 64;
    private static final int SYMBOL = 24;
    private static final int SHT_SYMTAB = 2;
    private static final int STT_OBJECT = 1;

    /** Address of a variable in the process, and its size in bytes. */
    record Variable(long address, long size) {}

    private final Map<String, Variable> variables;

    private VmSymbols(Map<String, Variable> variables) {
        this.variables = variables;
    }

    /** Finds variables by name; none if the file cannot be read or verified, or has no symbols. */
    static VmSymbols read(ProcessMaps maps, MapSnapshot snapshot, VmTables library, String... names) {
        Map<String, Variable> variables = new HashMap<>();
        int index = snapshot.find(library.start());
        if (index >= 0) {
            MapCursor mapping = snapshot.cursor().seek(index);
            try (MappedFile file = MapFiles.of(maps).open(mapping)) {
                read(file.channel(), library, names, variables);
            } catch (MapsException notReadable) {
                variables.clear();
            } catch (IOException
                    | RuntimeException damaged) { // for example an index out of bounds in a damaged ELF file
                variables.clear();
            }
        }
        return new VmSymbols(variables);
    }

    @SuppressWarnings("ByteBufferBackingArray") // bytes() allocates it
    private static void read(FileChannel file, VmTables library, String[] names, Map<String, Variable> out)
            throws IOException {
        ByteBuffer header = bytes(file, 0, SECTION);
        int count = Short.toUnsignedInt(header.getShort(60));
        ByteBuffer sections = bytes(file, header.getLong(40), (long) Math.min(count, MAX_SECTIONS) * SECTION);
        for (int at = 0; at < sections.limit(); at += SECTION) {
            if (sections.getInt(at + 4) == SHT_SYMTAB) {
                int link = sections.getInt(at + 40) * SECTION;
                ByteBuffer symbols = bytes(file, sections.getLong(at + 24), sections.getLong(at + 32));
                ByteBuffer texts = bytes(file, sections.getLong(link + 24), sections.getLong(link + 32));
                find(symbols, texts.array(), library, names, out);
                return;
            }
        }
    }

    private static ByteBuffer bytes(FileChannel file, long offset, long size) throws IOException {
        if (size < 0 || size > MAX_BYTES) {
            throw new IOException(size + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        int read = 1;
        // in parts, since the channel allocates a direct buffer with the size of a read
        while (bytes.position() < size && read > 0) {
            bytes.limit(Math.min((int) size, bytes.position() + PART));
            read = file.read(bytes, offset + bytes.position());
        }
        return bytes.flip();
    }

    private static void find(
            ByteBuffer symbols, byte[] texts, VmTables library, String[] names, Map<String, Variable> out) {
        byte[][] wanted = new byte[names.length][];
        for (int i = 0; i < names.length; i++) {
            wanted[i] = (names[i] + '\0').getBytes(StandardCharsets.US_ASCII);
        }
        for (int at = 0; at + SYMBOL <= symbols.limit() && out.size() < names.length; at += SYMBOL) {
            int text = symbols.getInt(at);
            if ((symbols.get(at + 4) & 0xf) != STT_OBJECT || symbols.getShort(at + 6) == 0 || text < 0) {
                continue;
            }
            for (int i = 0; i < wanted.length; i++) {
                int end = text + wanted[i].length;
                if (end <= texts.length && Arrays.equals(texts, text, end, wanted[i], 0, wanted[i].length)) {
                    long address = library.bias() + symbols.getLong(at + 8);
                    if (Long.compareUnsigned(address, library.start()) >= 0
                            && Long.compareUnsigned(address, library.end()) < 0) {
                        out.put(names[i], new Variable(address, symbols.getLong(at + 16)));
                    }
                }
            }
        }
    }

    boolean isEmpty() {
        return variables.isEmpty();
    }

    /** Returns a variable. */
    Variable variable(String name) throws VmFieldMissing {
        Variable found = variables.get(name);
        if (found == null) {
            throw new VmFieldMissing(name);
        }
        return found;
    }

    /** Returns the 8 bytes of a variable, such as a pointer. */
    long value(VmReader vm, String name) throws VmFieldMissing {
        return vm.longAt(variable(name).address());
    }
}
