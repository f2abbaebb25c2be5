package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which parts of its heap the collector Shenandoah uses for what, by the table in VM.info; it has the same states in JDK 17 to 25. */
final class RegionsOfShenandoah {
    private static final String HEX = "([0-9a-f]{1,16})";
    private static final Pattern REGION = Pattern.compile(
            "^\\| *\\d+\\|([A-Z]{1,3}) *\\|(?:([A-Z])\\|)?BTE +" + HEX + ", +[0-9a-f]{1,16}, +" + HEX + "\\|", Pattern.MULTILINE);
    private static final Pattern SET = Pattern.compile("- map \\(vanilla\\): 0x" + HEX + "\\n *- map \\(biased\\): +0x" + HEX + "\\n");
    private static final Map<String, String> USES = Map.of("EU", "reserved", "EC", "free", "R", "regular", "P", "regular, pinned",
            "H", "humongous objects", "HC", "humongous objects", "HP", "humongous objects, pinned", "CS", "collection set",
            "CSP", "collection set, pinned", "TR", "trash");

    private RegionsOfShenandoah() {
    }

    /** What the table tells, and the table of the regions to be emptied; nothing where another collector is in use. */
    static List<Claim> claims(String info) {
        List<Claim> claims = new ArrayList<>();
        Claim last = null;
        int count = 0;
        for (Matcher at = REGION.matcher(info); at.find(); count++) {
            String use = use(at.group(1), at.group(2));
            long start = Long.parseUnsignedLong(at.group(3), 16);
            long end = Long.parseUnsignedLong(at.group(4), 16);
            if (use == null || Long.compareUnsigned(start, end) >= 0) {
                return List.of();
            }
            if (last != null && last.end() == start && last.detail().equals(use)) {
                start = claims.remove(claims.size() - 1).start();
            }
            last = Claim.told(start, end, Region.JAVA_HEAP, use);
            claims.add(last);
        }
        Matcher set = SET.matcher(info);
        if (count > 0 && set.find()) { // a byte for each region: the first is for address 0
            long first = Long.parseUnsignedLong(set.group(2), 16);
            long end = Long.parseUnsignedLong(set.group(1), 16) + count;
            if (Long.compareUnsigned(first, end) < 0) {
                claims.add(Claim.told(first, end, Region.GC, "collection set map"));
            }
        }
        return claims;
    }

    /** Null: none that is known. Without generations all is called young, from JDK 24 on: only what is old says something. */
    private static String use(String state, String generation) {
        String use = USES.get(state);
        return use != null && "O".equals(generation) ? use + ", old" : use;
    }
}
