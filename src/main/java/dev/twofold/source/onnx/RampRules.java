package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Ramp;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Biases on scores by positions: what a key has in a table of each head, less what the query has. */
final class RampRules {

    private static final Set<Long> TYPES =
            Set.of((long) DataType.FLOAT_VALUE, (long) DataType.FLOAT16_VALUE, (long) DataType.BFLOAT16_VALUE);

    private static final String EACH = "Unsqueeze(Transpose{perm=[1,0,2]}(Gather{axis=1}(?ramps, %s)), =%d)";

    static final List<Rule> SPELLED = Stream.of("clipped_positions", "Unsqueeze(Range(=0, total, =1), =0)")
            .map(keys -> spelled(
                    "what keys get by their positions, "
                            + (keys.startsWith("Un") ? "in rows that begin with a token" : "in any row"),
                    "Sub(" + String.format(EACH, keys, 2) + ", " + String.format(EACH, "positions", 3) + ")",
                    RampRules::ramp))
            .toList();

    static final List<Rule> ALL = List.of(
            new Rule("what keys get, in another type", "Cast", (call, values) -> cast(call)),
            new Rule("what keys get, where queries see them", "Where", (call, values) -> masked(call)));

    private RampRules() {}

    private static Optional<Term> ramp(Captures captures) {
        return captures.value("ramps")
                .as(Numbers.class)
                .map(Numbers::weight)
                .filter(table -> table.shape().rank() == 2 && table.shape().elements() > 0)
                .map(table -> new Ramp(table, false));
    }

    private static Optional<Term> cast(Call call) {
        return call.input(0, Ramp.class)
                .filter(ramp -> TYPES.contains(call.integer("to", 0)))
                .map(Term.class::cast);
    }

    private static Optional<Term> masked(Call call) {
        boolean shows = call.input(0, Mask.class)
                .filter(mask ->
                        mask.causal() && mask.window().isEmpty() && mask.form() == Form.SHOWN && !mask.numbers())
                .isPresent();
        boolean hides = call.input(2, Numbers.class)
                .flatMap(Numbers::single)
                .filter(little -> little <= MaskRules.LITTLE)
                .isPresent();
        return call.input(1, Ramp.class)
                .filter(ramp -> shows && hides && !ramp.masked())
                .map(ramp -> new Ramp(ramp.table(), true));
    }
}
