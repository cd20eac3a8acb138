package dev.twofold.diag;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/** Finds the name that someone probably meant. */
public final class NearestName {

    /** The work grows with the length of the name, and nobody mistypes a longer one. */
    private static final int MAX_LENGTH = 100;

    private NearestName() {}

    /** The advice to use the nearest of the known names, or the list of them if none is near. */
    public static String hint(String name, Collection<String> known) {
        return of(name, known)
                .map(near -> "did you mean '" + near + "'?")
                .orElse("use one of " + String.join(", ", known));
    }

    /** The known name within a few edits of this one. */
    public static Optional<String> of(String name, Collection<String> known) {
        if (name.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        int tolerance = Math.max(2, name.length() / 3);
        return known.stream()
                .filter(candidate -> distance(name, candidate) <= tolerance)
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)));
    }

    /**
     * The known name that begins like this one for the longest, since what is new is called after what it is based on; of
     * several, the last with the fewest edits.
     */
    public static String nearest(String name, Collection<String> known) {
        Comparator<String> nearer = Comparator.<String>comparingInt(candidate -> -commonPrefix(name, candidate))
                .thenComparingInt(candidate -> distance(name, candidate));
        return known.stream()
                .reduce((best, candidate) -> nearer.compare(candidate, best) <= 0 ? candidate : best)
                .orElseThrow(() -> new IllegalArgumentException("no names are known"));
    }

    private static int commonPrefix(String a, String b) {
        int length = Math.min(a.length(), b.length());
        return (int) IntStream.range(0, length)
                .takeWhile(i -> a.charAt(i) == b.charAt(i))
                .count();
    }

    /** Levenshtein distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
