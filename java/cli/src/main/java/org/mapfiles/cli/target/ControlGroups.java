package org.mapfiles.cli.target;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.mapfiles.cli.output.CheckRows.Check;
import org.mapfiles.cli.output.Sizes;

/** Limits of the control groups of this process. */
final class ControlGroups {
    private static final long ENOUGH_MEMORY = 256L << 20;
    private static final long ENOUGH_TASKS = 64;
    /** Version 1 shows a number of about 2^63 for no limit. */
    private static final long NO_LIMIT = 1L << 60;

    private record Limit(long maximum, long left) {}

    private ControlGroups() {}

    static Check memory() {
        Limit limit =
                lowest("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max", "memory.current");
        String name = "memory of the control group";
        if (limit == null) {
            return Check.ok(name, "no limit");
        }
        String text = "limit " + Sizes.human(limit.maximum) + ", left " + Sizes.human(limit.left);
        return limit.maximum >= ENOUGH_MEMORY
                ? Check.ok(name, text)
                : Check.limited(name, text, "large processes need more: run this outside of the group");
    }

    static Check tasks() {
        Limit limit = lowest("pids", "pids.max", "pids.current", "pids.max", "pids.current");
        String name = "tasks of the control group";
        if (limit == null) {
            return Check.ok(name, "no limit");
        }
        String text = "limit " + limit.maximum + ", left " + limit.left;
        return limit.left >= ENOUGH_TASKS
                ? Check.ok(name, text)
                : Check.limited(name, text, "Java needs about 16: raise pids.max");
    }

    /** Returns the limit that leaves least, from the group of this process up to the root; null: none. */
    private static Limit lowest(String controller, String max1, String current1, String max2, String current2) {
        Limit lowest = null;
        for (String line : SelfStatus.text(Path.of("/proc/self/cgroup")).split("\n")) {
            String[] fields = line.split(":", 3);
            if (fields.length < 3 || !fields[2].startsWith("/")) {
                continue;
            }
            boolean isVersion2 = fields[1].isEmpty();
            if (!isVersion2 && !List.of(fields[1].split(",")).contains(controller)) {
                continue;
            }
            Path mount = Path.of(isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller);
            Path below = mount.resolve(fields[2].substring(1)).normalize();
            for (Path group = below; group != null && group.startsWith(mount); group = group.getParent()) {
                OptionalLong maximum = SelfStatus.number(group.resolve(isVersion2 ? max2 : max1));
                long current = SelfStatus.number(group.resolve(isVersion2 ? current2 : current1))
                        .orElse(0);
                if (maximum.isPresent()
                        && maximum.getAsLong() < NO_LIMIT
                        && (lowest == null || maximum.getAsLong() - current < lowest.left)) {
                    lowest = new Limit(maximum.getAsLong(), Math.max(0, maximum.getAsLong() - current));
                }
            }
        }
        return lowest;
    }
}
