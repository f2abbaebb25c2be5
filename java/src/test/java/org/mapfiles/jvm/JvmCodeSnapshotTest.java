package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Compares a snapshot of the code of another JVM with searches in the memory of that JVM. */
class JvmCodeSnapshotTest {
    private static final long UNMAPPED = 4096;

    @Test
    void snapshotFindsWhatTheReaderFinds() throws Exception {
        Process child = new ChildJvm().with("-XX:TieredStopAtLevel=4").start(CodeFromOutsideMain.class, 3);
        stop(child);
        try (ProcessMaps maps = ProcessMaps.of(child.pid())) {
            JvmCodeSnapshot snapshot;
            List<long[]> ranges = new ArrayList<>();
            try (JvmCodeReader reader = JvmCodeReader.of(maps)) {
                snapshot = reader.snapshot();
                assertThat(snapshot.size()).isGreaterThan(500);
                assertThat(snapshot.isComplete()).isTrue();
                snapshot.forEach(code -> ranges.add(new long[] {code.start(), code.end()}));
                compare(snapshot, reader, ranges);
            }
            CodeInfo read = new CodeInfo();
            child.destroyForcibly().waitFor();
            for (long[] range : ranges) {
                assertThat(snapshot.find(range[0], read)).isTrue();
                assertThat(read.start()).isEqualTo(range[0]);
            }
            for (long address : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, ranges.get(0)[0] - 5000}) {
                assertThat(snapshot.find(address, read)).isFalse();
                assertThat(read.certainty()).isEqualTo(CodeInfo.Certainty.NONE);
            }
        } finally {
            child.destroyForcibly();
        }
    }

    /** The address of the segment map of one of three code heaps is unmapped. */
    @Test
    void snapshotReportsThatCodeCannotBeRead() throws Exception {
        Process child = new ChildJvm().with("-XX:+SegmentedCodeCache").start(CodeFromOutsideMain.class, 3);
        stop(child);
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                JvmProcess jvm = JvmProcess.of(maps);
                JvmCodeReader reader = JvmCodeReader.of(maps);
                RandomAccessFile memory = new RandomAccessFile("/proc/" + child.pid() + "/mem", "rw")) {
            JvmCodeSnapshot whole = reader.snapshot();
            assertThat(whole.isComplete()).isTrue();
            VmReader vm = jvm.vm();
            long list = vm.pointer(vm.pointer("CodeCache", "_heaps"), "GrowableArray<int>", "_data");
            long heap = vm.longAt(list);
            long map = heap + vm.location("CodeHeap", "_segmap") + vm.location("VirtualSpace", "_low");
            long before = vm.longAt(map);
            write(memory, map, UNMAPPED);
            JvmCodeSnapshot part = reader.snapshot();
            write(memory, map, before);
            assertThat(part.isComplete()).isFalse();
            assertThat(part.size()).isPositive().isLessThan(whole.size());
            assertThat(reader.snapshot().isComplete()).isTrue();
        } finally {
            child.destroyForcibly();
        }
    }

    /** Stops a JVM when it is ready, and its compilers have no work: a stopped JVM changes nothing. */
    private static void stop(Process child) throws Exception {
        String line;
        do {
            line = child.inputReader().readLine();
            assertThat(line).isNotNull();
        } while (!line.equals("READY"));
        Children.awaitIdle(child.pid());
        Children.stop(child.pid());
    }

    private static void write(RandomAccessFile memory, long address, long word) throws Exception {
        memory.seek(address);
        memory.writeLong(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? word : Long.reverseBytes(word));
    }

    private static void compare(JvmCodeSnapshot snapshot, JvmCodeReader reader, List<long[]> ranges) throws Exception {
        for (long[] range : ranges) {
            long middle = range[0] + (range[1] - range[0]) / 2;
            same(snapshot, reader, range[0], CodeInfo.AddressKind.RUNNING_AT);
            same(snapshot, reader, middle, CodeInfo.AddressKind.RUNNING_AT);
            same(snapshot, reader, range[1] - 1, CodeInfo.AddressKind.RUNNING_AT);
            same(snapshot, reader, range[1], CodeInfo.AddressKind.RETURNS_TO);
            same(snapshot, reader, range[0] - 1, CodeInfo.AddressKind.RUNNING_AT);
            same(snapshot, reader, range[1], CodeInfo.AddressKind.RUNNING_AT);
        }
    }

    private static void same(JvmCodeSnapshot snapshot, JvmCodeReader reader, long address, CodeInfo.AddressKind kind)
            throws Exception {
        CodeInfo copied = new CodeInfo();
        CodeInfo read = new CodeInfo();
        assertThat(snapshot.find(address, kind, copied)).isEqualTo(reader.find(address, kind, read));
        if (copied.isFound()) {
            assertThat(copied.tier()).isEqualTo(read.tier());
            assertThat(copied.compileId()).isEqualTo(read.compileId());
            assertThat(copied.kind()).isEqualTo(read.kind());
            assertThat(copied.isInterpreter()).isEqualTo(read.isInterpreter());
            if (read.isInterpreter()) { // the reader finds the codelet
                assertThat(copied.name()).isEqualTo("Interpreter");
                assertThat(copied.start()).isLessThanOrEqualTo(read.start());
                assertThat(copied.end()).isGreaterThanOrEqualTo(read.end());
            } else {
                assertThat(copied.start()).isEqualTo(read.start());
                assertThat(copied.end()).isEqualTo(read.end());
                assertThat(copied.toString()).isEqualTo(read.toString());
            }
        }
    }
}
