package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/** The garbage collectors of this JDK, as options. */
final class Collectors {
    private Collectors() {}

    static List<String> options() throws Exception {
        List<String> options = new ArrayList<>();
        for (String name : new String[] {"Serial", "Parallel", "G1", "Z", "Shenandoah"}) {
            String option = "-XX:+Use" + name + "GC";
            Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", option, "-version")
                    .redirectErrorStream(true)
                    .start();
            process.getInputStream().readAllBytes();
            if (process.waitFor() == 0) {
                options.add(option);
            }
        }
        return options;
    }
}
