package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.tensor.Shape;
import java.util.List;
import java.util.Optional;

/** Rows of a table in blocks, in operators that take bytes and make numbers of them. */
final class BlockTableRules {

    private static final String BYTES = "Cast{to=7}(Gather(?%s, ids))";

    private static final String HALVES = "Reshape(Concat{axis=-1}(Unsqueeze(Sub(%1$s, Mul(Div(%1$s, =16), =16)), =-1), "
            + "Unsqueeze(Div(%1$s, =16), =-1)), =[0,0,-1])";

    private static final String NUMBERS =
            "Reshape(Mul(Cast{to=any}(Sub(Reshape(%s, ?=blocks), %s)), Unsqueeze(?scales, =-1)), ?=row)";

    private static final String ZEROS = "Unsqueeze(Slice(%s, =0, ?=count, =-1), =-1)";

    static final List<Rule> ALL = List.of(
            rule("rows of a table of half bytes", 4, bytes("codes", 4), "=8"),
            rule("rows of a table of bytes", 8, bytes("codes", 8), "=128"),
            rule("rows of a table of half bytes with zeros", 4, bytes("codes", 4), zeros(4)),
            rule("rows of a table of bytes with zeros", 8, bytes("codes", 8), zeros(8)));

    private BlockTableRules() {}

    private static String bytes(String name, int bits) {
        String bytes = String.format(BYTES, name);
        return bits == 4 ? String.format(HALVES, bytes) : bytes;
    }

    private static String zeros(int bits) {
        return String.format(ZEROS, bytes("zeros", bits));
    }

    private static Rule rule(String name, int bits, String codes, String zero) {
        boolean zeros = zero.contains("zeros");
        return Rule.spelled(name, String.format(NUMBERS, codes, zero), captures -> table(captures, bits, zeros));
    }

    /** The scales are those of the same rows. */
    private static Optional<Term> table(Captures captures, int bits, boolean zeros) {
        List<Long> blocks = captures.whole("blocks");
        Optional<Shape> scales = captures.value("scales")
                .as(Term.Rows.class)
                .map(rows -> rows.table().shape());
        boolean fits = blocks.size() == 4
                && scales.filter(shape -> shape.dim(1) == blocks.get(2)).isPresent()
                && captures.whole("row").equals(List.of(0L, 0L, blocks.get(2) * blocks.get(3)));
        return fits
                ? BlockMatrix.ofRows(
                                captures.value("codes"),
                                captures.value("scales"),
                                zeros ? Optional.of(captures.value("zeros")) : Optional.empty(),
                                bits,
                                blocks.get(3))
                        .map(Term.Rows::new)
                : Optional.empty();
    }
}
