package org.mapfiles.jvm;

/** The program of a child JVM: prints each part of its memory that is said to be of malloc. */
final class ListMallocMain {
    private ListMallocMain() {
    }

    public static void main(String[] arguments) throws Exception {
        JvmRegions regions = JvmRegions.read();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == RegionKind.MALLOC) {
                System.out.println("MALLOC " + regions.detail(i) + (regions.isInferred(i) ? " inferred" : ""));
            }
        }
        System.out.println("done");
    }
}
