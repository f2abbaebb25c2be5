package org.mapfiles.cli.output;

import java.io.IOException;
import org.mapfiles.jvm.CodeLocation;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.RegionKind;

/**
 * What an address of a JVM belongs to.
 *
 * @param code the compiled method, or the stub; empty: none, or unknown
 * @param inlined the methods that are inlined there, innermost first, a line each; empty: none
 * @param tier of the compiler; -1: unknown
 */
public record AddressReport(String code, String inlined, int tier, RegionKind region, String detail, boolean isInferred) {
    public static AddressReport of(long address, CodeLocation code, JvmRegions regions) {
        boolean isCode = code.status() == CodeLocation.Status.FOUND;
        StringBuilder inlined = new StringBuilder();
        for (int i = 0; isCode && i < code.frames() - 1; i++) {
            inlined.append(code.className(i)).append('.').append(code.methodName(i)).append(code.signature(i)).append(" @ ")
                    .append(code.bytecode(i)).append('\n');
        }
        String text = isCode ? code + " + 0x" + Long.toHexString(address - code.start()) : "";
        int tier = isCode ? code.tier() : -1;
        int region = regions.find(address);
        return region < 0 ? new AddressReport(text, inlined.toString(), tier, RegionKind.UNKNOWN, "", false)
                : new AddressReport(text, inlined.toString(), tier, regions.region(region), regions.detail(region), regions.isInferred(region));
    }

    /** For people, below the address. */
    public String text() {
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

    public JsonLines json(JsonLines line) throws IOException {
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
        return line.text("region", region.name()).text("detail", detail).bool("inferred", isInferred);
    }
}
