package org.mapfiles.jvm;

import org.mapfiles.ProcessMaps;

/** Resolves its own code by reading memory, and fails if that started recording. */
final class ReadCodeMain {
    private static final String METHOD = "org.mapfiles.jvm.Throwaway.work(I)I";

    private ReadCodeMain() {}

    public static void main(String[] arguments) throws Exception {
        int found = 0;
        int sum = 0;
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps);
                JvmResolver resolver = JvmResolver.of(maps)) {
            AddressInfo info = new AddressInfo();
            for (int round = 0; round < 200_000 && found == 0; round++) {
                sum += Throwaway.work(1_000);
                long[] start = new long[1];
                if (round % 100 == 99) {
                    reader.forEach(each -> start[0] = each.toString().equals(METHOD) ? each.start() : start[0]);
                }
                boolean isFound = start[0] != 0 && resolver.resolve(start[0], info) && info.code() != null;
                found += isFound && info.code().toString().equals(METHOD) ? 1 : 0;
            }
        }
        if (JvmCalls.codeRange(new long[2])) {
            throw new AssertionError("code is recorded");
        }
        System.out.println(found > 0 ? "READ" : "NOT FOUND " + sum);
    }
}
