package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks whether the control groups of a process are frozen, by the files of the mounted groups (cgroups(7)). Since
 * Linux 6.1 nothing else shows that a thread is frozen during a wait.
 */
final class Freezers {
    private Freezers() {}

    /**
     * Returns whether a control group is frozen. {@code process} is the directory of the process in a proc file system.
     */
    static boolean areFrozen(Path process) {
        for (String line : lines(process.resolve("cgroup"))) {
            String[] group = line.split(":", 3); // number, controllers, path; a version 2 group has no controllers
            boolean isNew = group.length == 3 && group[1].isEmpty();
            if (group.length < 3
                    || group[2].startsWith("/..") // outside of the cgroup namespace of this JVM, so not mounted here
                    || !isNew && !List.of(group[1].split(",")).contains("freezer")) {
                continue;
            }
            for (Path directory : directories(group[2], isNew)) {
                List<String> state = lines(directory.resolve(isNew ? "cgroup.events" : "freezer.state"));
                if (state.contains("frozen 1") || state.contains("FROZEN") || state.contains("FREEZING")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns the directories at which a group is mounted for this JVM (proc_pid_mountinfo(5)). */
    private static List<Path> directories(String group, boolean isNew) {
        List<Path> directories = new ArrayList<>();
        for (String line : lines(Path.of("/proc/thread-self/mountinfo"))) {
            int separator = line.indexOf(" - ");
            String[] mount = line.split(" ");
            String[] type = separator < 0
                    ? new String[0]
                    : line.substring(separator + 3).split(" ");
            boolean isFreezer = type.length == 3
                    && (isNew
                            ? type[0].equals("cgroup2")
                            : type[0].equals("cgroup")
                                    && List.of(type[2].split(",")).contains("freezer"));
            String root = mount.length < 5 || mount[3].equals("/") ? "" : mount[3];
            if (isFreezer && (group + "/").startsWith(root + "/")) {
                try {
                    directories.add(Path.of(mount[4] + group.substring(root.length())));
                } catch (InvalidPathException notOfThisLocale) {
                    continue;
                }
            }
        }
        return directories;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException none) {
            return List.of();
        }
    }
}
