package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Is what another JVM answers looked at? Its user may have written anything. */
class JvmAnswerTest {
    private static final JvmPart PART = new JvmPart(0x1000, 0xffff_ffff_ffff_f000L, "JAVA_HEAP", "eden space", true);
    private static final JvmWhat WHAT = new JvmWhat("String.charAt", "a\nb\n", 4, "CODE_HEAP", "code", false);

    private static DataInputStream answer(int count, JvmPart... parts) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(count);
        for (JvmPart part : parts) {
            part.write(out);
        }
        return new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
    }

    private static JvmWhat read(JvmWhat what) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        what.write(new DataOutputStream(bytes));
        return JvmWhat.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    }

    private static void refused(ThrowingCallable reading, String why) {
        assertThatThrownBy(reading).isExactlyInstanceOf(IOException.class).hasMessageContaining("not understood")
                .hasMessageContaining(why);
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        assertThat(JvmPart.readAll(answer(2, PART, PART))).isEqualTo(List.of(PART, PART));
        assertThat(JvmPart.readAll(answer(0))).isEmpty();
        assertThat(read(WHAT)).isEqualTo(WHAT);
    }

    @Test
    void aRegionThatThereIsNotIsRefusedAndShownHarmless() {
        for (String region : new String[] {"", "java_heap", "JAVA_HEAP\u001b[31m"}) {
            String shown = '"' + region.replace("\u001b", "\\x1b") + '"';
            refused(() -> JvmPart.readAll(answer(1, new JvmPart(1, 2, region, "", false))), shown);
            refused(() -> read(new JvmWhat("", "", -1, region, "", false)), shown);
        }
    }

    @Test
    void numbersThatCannotBeAreRefused() {
        refused(() -> JvmPart.readAll(answer(-1, PART)), "-1 parts");
        refused(() -> JvmPart.readAll(answer(Integer.MAX_VALUE, PART)), "behind 1 of 2147483647 parts");
        refused(() -> JvmPart.readAll(answer(1, new JvmPart(2, 2, "GC", "", false))), "from 2 to 2");
        refused(() -> JvmPart.readAll(answer(1, new JvmPart(-1, 2, "GC", "", false))), "from ffffffffffffffff to 2");
        for (int tier : new int[] {Integer.MIN_VALUE, -2, 5}) {
            refused(() -> read(new JvmWhat("", "", tier, "GC", "", false)), "tier " + tier);
        }
    }
}
