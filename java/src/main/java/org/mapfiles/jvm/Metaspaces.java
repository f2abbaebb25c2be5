package org.mapfiles.jvm;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the address space of metaspace and of class space, by static variables of libjvm
 * (src/hotspot/share/memory/metaspace) that are the same in JDK 17 to 25. They are not exported, so the content of each
 * object is checked.
 */
final class Metaspaces {
    static final String CLASS_CONTEXT = "_ZN9metaspace16MetaspaceContext20_class_space_contextE";
    static final String OTHER_CONTEXT = "_ZN9metaspace16MetaspaceContext23_nonclass_space_contextE";

    /** Each node has 16 MiB or more. */
    private static final int MAX_NODES = 1 << 16;

    private static final int NODE_WORDS = 16;
    private static final long PAGE = 4096;

    private final VmReader vm;
    private final List<RegionCandidate> candidates = new ArrayList<>();

    private Metaspaces(VmReader vm) {
        this.vm = vm;
    }

    static List<RegionCandidate> candidates(VmReader vm, VmSymbols symbols) {
        Metaspaces spaces = new Metaspaces(vm);
        spaces.add(symbols, CLASS_CONTEXT, JvmRegions.Kind.CLASS_SPACE, "compressed class space");
        spaces.add(symbols, OTHER_CONTEXT, JvmRegions.Kind.METASPACE, "metaspace");
        return spaces.candidates;
    }

    /** Adds the nodes of a context. A context begins with its name and the list of its nodes. */
    private void add(VmSymbols symbols, String variable, JvmRegions.Kind region, String detail) {
        try {
            long context = symbols.value(vm, variable);
            if (context == 0) {
                return; // no class space: compressed class pointers are off
            }
            String name = region == JvmRegions.Kind.CLASS_SPACE ? "class-space" : "non-class-space";
            long[] fields = vm.longsAt(context, 2);
            // a virtual table in some of JDK 17 to 25, its name, its first node
            long[] list = vm.longsAt(fields[1], 3);
            boolean isNameFirst = isText(list[0], name);
            if (!isText(fields[0], name) || !isNameFirst && !isText(list[1], name)) {
                throw new VmFieldMissing(name);
            }
            long node = isNameFirst ? list[1] : list[2];
            for (int i = 0; node != 0 && i < MAX_NODES; i++) {
                node = addNode(node, region, detail);
            }
        } catch (VmFieldMissing other) {
            // another version of the JVM, or memory that changed during the read
        }
    }

    private boolean isText(long address, String text) throws VmFieldMissing {
        byte[] bytes = (text + '\0').getBytes(StandardCharsets.US_ASCII);
        byte[] found = new byte[bytes.length];
        vm.read(address, found, found.length);
        return Arrays.equals(found, bytes);
    }

    /**
     * Adds a node and returns the next one. A node begins with the pointer to the next; it has its reserved range as
     * address and bytes, and later again as address and words.
     */
    private long addNode(long node, JvmRegions.Kind region, String detail) throws VmFieldMissing {
        long[] words = vm.longsAt(node, NODE_WORDS);
        for (int i = 1; i < NODE_WORDS - 3; i++) {
            long start = words[i];
            long bytes = words[i + 1];
            boolean isRange = start != 0
                    && start % PAGE == 0
                    && bytes > 0
                    && bytes % PAGE == 0
                    && Long.compareUnsigned(start, start + bytes) < 0;
            for (int k = i + 2; isRange && k < NODE_WORDS - 1; k++) {
                if (words[k] == start && words[k + 1] == bytes / Long.BYTES) {
                    candidates.add(RegionCandidate.reported(start, start + bytes, region, detail));
                    return words[0];
                }
            }
        }
        throw new VmFieldMissing("a node of metaspace");
    }
}
