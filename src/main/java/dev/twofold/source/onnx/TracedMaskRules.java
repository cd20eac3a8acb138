package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.source.onnx.Term.Numbers;
import java.util.List;
import java.util.Optional;

/**
 * Masks that are written into a table of very little numbers, as PyTorch's older tracer spells it: what is hidden of texts that begin
 * later is written over the mask of the tokens that are after each query.
 */
final class TracedMaskRules {

    private static final String OVER = "ScatterND(?mask, Concat{axis=-1}("
            + String.join(", ", along(0, "-1,1,1,1"), along(1, "-1,1,1"), along(2, "-1,1"), index(cut(count(3))))
            + "), Reshape(?whole, ?shape))";

    static final List<Rule> ALL = List.of(
            spelled(
                    "little where a key is after its query",
                    "Mul(Trilu{upper=1}(?little, =1), ?after)",
                    captures -> after(captures)),
            spelled(
                    "little also where no token is",
                    "Where(Cast{to=9}(Equal(Add(?mask, ?there), ~0)), ?~little, ?mask)",
                    TracedMaskRules::there),
            spelled("a mask that is written over another one", OVER, TracedMaskRules::over));

    private TracedMaskRules() {}

    private static String count(int axis) {
        return "Range(=0, Cast{to=7}(Gather{axis=0}(Shape(?mask), =" + axis + ")), =1)";
    }

    private static String cut(String count) {
        return "Slice(" + count + ", =0, total, =0, =1)";
    }

    /** Counts along one axis, for every place of the mask. */
    private static String along(int axis, String dims) {
        return index("Reshape(" + count(axis) + ", =[" + dims + "])");
    }

    private static String index(String count) {
        return "Unsqueeze(Expand(" + count + ", ?to), =-1)";
    }

    /**
     * A triangle that does not count the past is little for every key after its query and for some before it, which are those that
     * it is multiplied with 0 for.
     */
    private static Optional<Term> after(Captures captures) {
        Value little = captures.value("little");
        boolean table = little.call()
                .filter(call -> call.operator().equals("ConstantOfShape"))
                .flatMap(call -> Sizes.of(call, 0))
                .filter(List.of(Extent.NEW, Extent.TOTAL)::equals)
                .isPresent();
        return captures.value("after")
                .as(Mask.class)
                .filter(mask -> table && isLittle(little))
                .filter(mask -> mask.equals(new Mask(true, Optional.empty(), Form.HIDDEN, true)))
                .map(mask -> mask.in(Form.ADDED));
    }

    private static boolean isLittle(Value value) {
        return value.as(Numbers.class)
                .flatMap(Numbers::single)
                .filter(number -> number <= MaskRules.LITTLE)
                .isPresent();
    }

    /** A sum is 0 where a key is shown of which there is no token. */
    private static Optional<Term> there(Captures captures) {
        boolean tokens = captures.value("there")
                .as(Mask.class)
                .filter(new Mask(false, Optional.empty(), Form.SHOWN, true)::equals)
                .isPresent();
        return captures.value("mask")
                .as(Mask.class)
                .filter(mask -> tokens && mask.form() == Form.ADDED && isLittle(captures.value("little")))
                .map(Term.class::cast);
    }

    /** Indices that count along one axis each, and can be joined, are those of every place. */
    private static Optional<Term> over(Captures captures) {
        return captures.value("mask")
                .as(Mask.class)
                .filter(mask -> mask.form() == Form.ADDED)
                .flatMap(mask -> captures.value("whole").as(Mask.class).filter(whole -> whole.equals(mask)))
                .map(Term.class::cast);
    }
}
