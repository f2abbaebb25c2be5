package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Compares the search of an image in Java with a list. code_model_test.c tests how C makes images. */
class CodeSearchTest {
    private static final long LOW = 0x7f0000000000L;
    private static final int SEGMENT = 1 << CodeMemory.SEGMENT_SHIFT;
    private static final int SEGMENTS = 4;
    private static final int LOG = 256;
    private static final int RECORD_BYTES = CodeMemory.RECORD_SIZE + SEGMENTS * Integer.BYTES + Long.BYTES;

    /** A piece of code; {@code unloaded} is 0 if it is still loaded. */
    private record Code(boolean isMethod, int start, int end, long loaded, long unloaded, boolean wasThere) {
        boolean covers(int address) {
            return address >= start && address < end;
        }

        boolean isThere(long time) {
            return time == CodeSearch.NOW ? unloaded == 0 : loaded <= time && (unloaded == 0 || time < unloaded);
        }

        Code unloadedAt(long time) {
            return new Code(isMethod, start, end, loaded, time, wasThere);
        }

        boolean makesWayFor(Code other) {
            return unloaded == 0
                    && start < other.end
                    && other.start < end
                    && (isMethod || other.isMethod || !other.wasThere);
        }
    }

    private final List<Code> codes = new ArrayList<>();

    private void load(boolean isMethod, int start, int bytes, long time, boolean wasThere) {
        Code code = new Code(isMethod, start, start + bytes, time, 0, wasThere);
        codes.replaceAll(old -> old.makesWayFor(code) ? old.unloadedAt(time) : old);
        codes.add(code);
    }

    /** Writes an image with the layout of code_image.h. */
    private ByteBuffer image() {
        ByteBuffer image =
                ByteBuffer.allocateDirect(LOG + codes.size() * RECORD_BYTES).order(ByteOrder.nativeOrder());
        image.putLong(CodeMemory.LOW, LOW).putInt(CodeMemory.SEGMENTS, SEGMENTS);
        for (int i = 0; i < codes.size(); i++) {
            Code code = codes.get(i);
            int at = recordOf(i);
            int first = code.start / SEGMENT;
            int count = (code.end - 1) / SEGMENT - first + 1;
            image.putInt(at + CodeMemory.KIND, code.isMethod ? CodeMemory.KIND_METHOD : CodeMemory.KIND_STUB)
                    .putLong(at + CodeMemory.START, LOW + code.start)
                    .putLong(at + CodeMemory.END, LOW + code.end)
                    .putLong(at + CodeMemory.LOADED, code.loaded)
                    .putLong(at + CodeMemory.UNLOADED, code.unloaded)
                    .putInt(at + CodeMemory.FIRST_SEGMENT, first)
                    .putInt(at + CodeMemory.RECORD_SEGMENTS, count);
            for (int k = 0; k < count; k++) {
                int top = CodeMemory.TABLE + (first + k) * Integer.BYTES;
                image.putInt(at + CodeMemory.RECORD_SIZE + k * Integer.BYTES, image.getInt(top))
                        .putInt(top, at / CodeMemory.UNIT);
            }
        }
        return image;
    }

    private static int recordOf(int index) {
        return LOG + index * RECORD_BYTES;
    }

    /** Does what {@link CodeSearch#find} does, by a search of the whole list. */
    @SuppressWarnings("ReferenceEquality") // pieces of code are compared by identity
    private int expected(int address, long time) {
        int found = best(address, code -> code.isThere(time));
        if (found >= 0) {
            return recordOf(found);
        }
        for (Code first : time == CodeSearch.NOW ? List.<Code>of() : codes) {
            if (first.covers(address) && first.loaded > time) {
                return ~recordOf(best(
                        address,
                        code -> code == first
                                || (code.loaded > time
                                        && !first.isMethod
                                        && !code.isMethod
                                        && (first.unloaded == 0 || code.loaded < first.unloaded))));
            }
        }
        return 0;
    }

    /** Returns the method, or else the smallest stub, of equal ones the newest; -1 if there is none. */
    private int best(int address, Predicate<Code> isChosen) {
        int best = -1;
        for (int i = codes.size() - 1; i >= 0; i--) {
            Code code = codes.get(i);
            if (!code.covers(address) || !isChosen.test(code)) {
                continue;
            }
            if (code.isMethod) {
                return i;
            }
            if (best < 0 || code.end - code.start < codes.get(best).end - codes.get(best).start) {
                best = i;
            }
        }
        return best;
    }

    @Test
    void methodBetweenTwoStubsOfOneSegmentHidesNeither() {
        load(false, 16, 16, 1, true);
        load(true, 64, 16, 2, false);
        load(false, 0, 48, 3, true);
        ByteBuffer image = image();
        assertThat(CodeSearch.find(image, LOW + 20, CodeSearch.NOW))
                .as("the smaller stub")
                .isEqualTo(recordOf(0));
        assertThat(CodeSearch.find(image, LOW + 40, CodeSearch.NOW))
                .as("the larger stub")
                .isEqualTo(recordOf(2));
        assertThat(CodeSearch.find(image, LOW + 70, CodeSearch.NOW))
                .as("the method")
                .isEqualTo(recordOf(1));
        assertThat(CodeSearch.find(image, LOW + 20, 0)).as("before all").isEqualTo(~recordOf(0));
    }

    @Test
    void searchEqualsThatOfAList() {
        for (int seed = 1; seed <= 3000; seed++) {
            Random random = new Random(seed);
            codes.clear();
            long now = 0;
            for (int step = 0; step < 40; step++) {
                now += 1 + random.nextInt(3);
                int start = random.nextInt(SEGMENTS * SEGMENT - 1);
                int room = SEGMENTS * SEGMENT - start;
                if (random.nextInt(3) > 0) {
                    load(
                            random.nextBoolean(),
                            start,
                            1 + random.nextInt(random.nextInt(4) == 0 ? room : Math.min(room, 60)),
                            now,
                            random.nextInt(3) > 0);
                } else if (!codes.isEmpty()) {
                    int at = random.nextInt(codes.size());
                    Code code = codes.get(at);
                    codes.set(at, code.unloaded == 0 ? code.unloadedAt(now) : code);
                }
            }
            ByteBuffer image = image();
            for (int i = 0; i < 200; i++) {
                int address = random.nextInt(SEGMENTS * SEGMENT);
                long time = i % 4 == 0 ? CodeSearch.NOW : random.nextInt((int) now + 2);
                assertThat(CodeSearch.find(image, LOW + address, time))
                        .as("seed %d, address %d, time %d", seed, address, time)
                        .isEqualTo(expected(address, time));
            }
        }
    }

    /** Native code replaces a method: first its table has the new record, then the old one is unloaded. */
    private static void replaceAgainAndAgain(ByteBuffer image, int count, AtomicInteger replaced) {
        VarHandle ints = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
        VarHandle longs = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
        for (int i = 0; i < count; i++) {
            int at = recordOf(i);
            image.putInt(at + CodeMemory.KIND, CodeMemory.KIND_METHOD)
                    .putLong(at + CodeMemory.START, LOW)
                    .putLong(at + CodeMemory.END, LOW + SEGMENT)
                    .putLong(at + CodeMemory.LOADED, i + 1)
                    .putInt(at + CodeMemory.RECORD_SEGMENTS, 1)
                    .putInt(at + CodeMemory.RECORD_SIZE, image.getInt(CodeMemory.TABLE));
            ints.setRelease(image, CodeMemory.TABLE, at / CodeMemory.UNIT);
            if (i > 0) {
                longs.setRelease(image, recordOf(i - 1) + CodeMemory.UNLOADED, i + 1L);
            }
            replaced.set(i + 1);
        }
    }

    /** The search may begin before the replacement, and find the old method unloaded after it. */
    @Test
    void codeThatIsReplacedDuringASearchIsFound() throws InterruptedException {
        int count = 300_000;
        ByteBuffer image = ByteBuffer.allocateDirect(recordOf(count)).order(ByteOrder.nativeOrder());
        image.putLong(CodeMemory.LOW, LOW).putInt(CodeMemory.SEGMENTS, SEGMENTS);
        AtomicInteger replaced = new AtomicInteger();
        Thread writer = new Thread(() -> replaceAgainAndAgain(image, count, replaced));
        writer.start();
        int missing = 0;
        while (replaced.get() < count && writer.isAlive()) {
            boolean isLoaded = replaced.get() > 0;
            missing += isLoaded && CodeSearch.find(image, LOW + 20, CodeSearch.NOW) <= 0 ? 1 : 0;
        }
        writer.join();
        assertThat(missing).as("searches without a result").isZero();
        assertThat(replaced).hasValue(count);
    }
}
