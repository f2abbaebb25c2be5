/** A program for the sampler: nearly all of its time is in one method. */
class Spin {
    public static void main(String[] arguments) {
        long sum = 0;
        for (int i = 0; i < 2_000; i++) {
            sum += spin(i);
        }
        System.out.println("sum " + sum);
    }

    private static long spin(long seed) {
        long x = seed | 1;
        for (int i = 0; i < 500_000; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        return x;
    }
}
