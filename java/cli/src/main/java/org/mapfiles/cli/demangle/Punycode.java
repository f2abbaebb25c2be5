package org.mapfiles.cli.demangle;

/** Identifiers with characters that are not ASCII: RFC 3492 with "_" in place of "-" (RFC 2603 of Rust). */
final class Punycode {
    private static final int MAX_LENGTH = 128;
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;

    private Punycode() {}

    /** Returns the identifier; null if it is malformed or longer than 128 characters. */
    static String decode(String encoded) {
        int separator = encoded.lastIndexOf('_');
        int[] points = new int[MAX_LENGTH];
        int count = Math.max(separator, 0);
        if (count > MAX_LENGTH) {
            return null;
        }
        for (int i = 0; i < count; i++) {
            points[i] = encoded.charAt(i);
        }
        long point = 0x80;
        long index = 0;
        int bias = 72;
        for (int at = separator + 1; at < encoded.length(); count++, index++) {
            long before = index;
            long weight = 1;
            for (int k = BASE; ; k += BASE) {
                int digit = at < encoded.length() ? digit(encoded.charAt(at++)) : -1;
                if (digit < 0 || count == MAX_LENGTH) {
                    return null;
                }
                index += digit * weight;
                int threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
                if (index > Integer.MAX_VALUE || digit < threshold) {
                    break;
                }
                weight *= BASE - threshold;
            }
            bias = adapt(index - before, count + 1, before == 0);
            point += index / (count + 1);
            index %= count + 1;
            if (point > Character.MAX_CODE_POINT || Character.isISOControl((int) point)) {
                return null;
            }
            System.arraycopy(points, (int) index, points, (int) index + 1, count - (int) index);
            points[(int) index] = (int) point;
        }
        return new String(points, 0, count);
    }

    private static int digit(char c) {
        if (c >= 'a' && c <= 'z') {
            return c - 'a';
        }
        return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
    }

    private static int adapt(long difference, int count, boolean isFirst) {
        long delta = isFirst ? difference / DAMP : difference / 2;
        delta += delta / count;
        int k = 0;
        for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE) {
            delta /= BASE - T_MIN;
        }
        return (int) (k + (BASE - T_MIN + 1) * delta / (delta + SKEW));
    }
}
