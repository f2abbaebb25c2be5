package org.mapfiles.jvm;

/** The program of a child JVM: prints each part of its memory that is said to be of malloc. */
final class ListMalloc {
    private ListMalloc() {
    }

    public static void main(String[] arguments) throws Exception {
        JvmRegions regions = JvmRegions.read();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == Region.MALLOC) {
                System.out.println("MALLOC " + regions.detail(i) + (regions.isInferred(i) ? " inferred" : ""));
            }
        }
        System.out.println("done");
    }
}
