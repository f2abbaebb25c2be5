package org.mapfiles.cli;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.mapfiles.jvm.CodeAnswer;
import org.mapfiles.jvm.CodeKind;
import org.mapfiles.jvm.JvmAnswer;

/**
 * What an address of a JVM is, as one JVM tells it another.
 *
 * @param code the method compiled, or the stub; empty: none
 * @param inlined the methods inlined there, innermost first, a line each; empty: none
 */
record JvmWhat(String code, String inlined, int tier, String region, String detail, boolean isInferred) {
    private static final int LONGEST = 16_000;
    private static final int HIGHEST_TIER = 4;

    static JvmWhat of(JvmAnswer answer) {
        CodeAnswer code = answer.code();
        StringBuilder inlined = new StringBuilder();
        if (code != null && code.kind() == CodeKind.METHOD) {
            for (int i = 0; i < code.frames() - 1; i++) {
                inlined.append(code.className(i)).append('.').append(code.methodName(i)).append(code.signature(i)).append(" @ ")
                        .append(code.bytecode(i)).append('\n');
            }
        }
        return new JvmWhat(code == null ? "" : answer.toString(), inlined.toString(), code == null ? -1 : code.tier(),
                answer.region().name(), answer.detail(), answer.isInferred());
    }

    private static String cut(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    }

    void write(DataOutput out) throws IOException {
        out.writeUTF(cut(code));
        out.writeUTF(cut(inlined));
        out.writeInt(tier);
        out.writeUTF(region);
        out.writeUTF(cut(detail));
        out.writeBoolean(isInferred);
    }

    static JvmWhat read(DataInput in) throws IOException {
        String code = in.readUTF();
        String inlined = in.readUTF();
        int tier = in.readInt();
        if (tier < -1 || tier > HIGHEST_TIER) {
            throw JvmPart.notUnderstood("tier " + tier);
        }
        return new JvmWhat(code, inlined, tier, JvmPart.readRegion(in), in.readUTF(), in.readBoolean());
    }

    /** For people, below the address. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (String line : inlined.split("\n")) {
            if (!line.isEmpty()) {
                text.append("    ").append(FileName.shown(line)).append("  inlined into\n");
            }
        }
        text.append("    ");
        if (!code.isEmpty()) {
            text.append(FileName.shown(code)).append(tier >= 0 ? "  tier " + tier : "").append("  ");
        }
        return text.append(region).append(isInferred ? "?  " : "  ").append(FileName.shown(detail)).toString().stripTrailing() + "\n";
    }

    JsonLines json(JsonLines line) throws IOException {
        if (code.isEmpty()) {
            line.nothing("code").nothing("tier");
        } else {
            line.text("code", code);
            if (tier < 0) {
                line.nothing("tier");
            } else {
                line.number("tier", tier);
            }
        }
        line.text("inlined", inlined.strip());
        return line.text("region", region).text("detail", detail).bool("inferred", isInferred);
    }
}
