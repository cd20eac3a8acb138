package dev.twofold.measure;

import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much the perplexity may rise, as a share of the original's; written {@code 1%} or {@code 0.01}.
 *
 * @param share 0 to 10
 */
public record LossLimit(BigDecimal share) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,9})?)(%?)");

    /** What users get who do not say. */
    public static final LossLimit DEFAULT = valueOf("1%");

    public LossLimit {
        if (share.signum() < 0 || share.compareTo(BigDecimal.TEN) > 0) {
            throw new IllegalArgumentException("a rise of the perplexity should be 0% to 1000%, such as 1%");
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 1%} or {@code 0.01} */
    public static LossLimit valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a rise of the perplexity such as 1%");
        }
        BigDecimal number = new BigDecimal(matcher.group(1));
        return matcher.group(2).isEmpty()
                ? share(number)
                : new LossLimit(number.movePointLeft(2).stripTrailingZeros());
    }

    /** A share as a number. */
    public static LossLimit valueOf(double share) {
        return share(BigDecimal.valueOf(share));
    }

    /** Who writes 1 means 1%, not that the perplexity may double. */
    private static LossLimit share(BigDecimal number) {
        if (number.compareTo(BigDecimal.ONE) >= 0) {
            String written = number.stripTrailingZeros().toPlainString();
            throw new IllegalArgumentException(
                    "'" + written + "' should have a % sign, such as " + written + "%, or be a share below 1");
        }
        return new LossLimit(number.stripTrailingZeros());
    }

    /** Half of it, for one of two things that lose. */
    public LossLimit half() {
        return new LossLimit(share.divide(BigDecimal.valueOf(2)));
    }

    /** Whether a rise, as a share, is within the limit. */
    public boolean allows(double rise) {
        return rise <= share.doubleValue();
    }

    @Override
    public String toString() {
        return share.movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
}
