package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Angles;
import dev.twofold.source.onnx.Term.Placed;
import dev.twofold.source.onnx.Term.Spread;
import java.util.List;
import java.util.Optional;

/** Rotary positions of neighbours as the older tracer of PyTorch spells them: angles repeated by the indices of a mask. */
final class TracedRotaryRules {

    /** How often each is repeated, for each. */
    private static final String TIMES = "ReduceMax{keepdims=0}(?each)";

    private static final String REPEATED = "Transpose{perm=[2,1,0]}(GatherND("
            + "Expand(Unsqueeze(Transpose{perm=[1,2,0]}(MatMul(?f, ?p)), =1), ?to), "
            + "Transpose{perm=[1,0]}(NonZero(Less(Range(=0, Cast{to=7}(" + TIMES + "), =1), Unsqueeze(?each, =1))))))";

    static final List<Rule> ALL = List.of(
            spelled("angles of neighbours by indices", REPEATED, TracedRotaryRules::neighbours),
            spelled("frequencies for each text by tiles", "Tile(?f, ?to)", TracedRotaryRules::tiled),
            spelled(
                    "heads whose neighbours are turned, in their own shape",
                    RotaryRules.turnedIn("", "Concat{axis=0}(Slice(Shape(%s), =0, =-2, =0), =-1)"),
                    (captures, values) -> RotaryRules.neighboursTurned(captures, values)));

    private TracedRotaryRules() {}

    /** Every angle twice: what is expanded to is as often there, or ONNX Runtime finds no index. */
    private static Optional<Term> neighbours(Captures captures) {
        Value each = captures.value("each");
        boolean twice = each.call()
                .filter(call -> call.operator().equals("ConstantOfShape"))
                .flatMap(call -> Optional.ofNullable(call.attributes().get("value")))
                .map(AttributeProto::getT)
                .flatMap(Constants::wholeFilled)
                .filter(times -> times == 2)
                .isPresent();
        boolean placed = captures.value("p").term() instanceof Placed;
        return RotaryRules.vector(captures.value("f"))
                .filter(frequencies -> twice && placed)
                .filter(frequencies ->
                        pairs(each).equals(Optional.of(frequencies.shape().dim(0))))
                .map(frequencies -> new Angles(frequencies, Spread.NEIGHBOURS));
    }

    private static Optional<Long> pairs(Value each) {
        return each.call()
                .flatMap(call -> Sizes.of(call, 0))
                .filter(sizes -> sizes.size() == 1 && sizes.get(0).isKnown())
                .map(sizes -> sizes.get(0).factor());
    }

    private static Optional<Term> tiled(Captures captures) {
        boolean texts = Sizes.of(captures.value("to"))
                .filter(sizes -> sizes.size() == 3
                        && sizes.get(0).equals(Extent.BATCH)
                        && sizes.subList(1, 3).stream().allMatch(size -> size.equals(Extent.of(1))))
                .isPresent();
        Value frequencies = captures.value("f");
        return frequencies
                .as(Term.Constant.class)
                .filter(constant -> texts && constant.tensor().shape().rank() == 3)
                .filter(constant -> constant.tensor().shape().dim(0) == 1)
                .map(constant -> new Term.Same(frequencies));
    }
}
