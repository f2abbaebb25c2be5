package org.mapfiles.jvm;

/** Prints each region that is reported as memory of malloc. */
final class ListMallocMain {
    private ListMallocMain() {}

    public static void main(String[] arguments) throws Exception {
        JvmRegions regions = JvmRegions.read();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == JvmRegions.Kind.MALLOC) {
                System.out.println("MALLOC " + regions.detail(i) + (regions.isInferred(i) ? " inferred" : ""));
            }
        }
        System.out.println("done");
    }
}
