package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Window;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Mask;
import java.util.List;
import java.util.Optional;

/** Masks of chunks: keys whose position has the same whole quotient as that of the query. */
final class ChunkRules {

    private static final String SAME = "Equal(Div(%s, ?=n), Div(Unsqueeze(positions, =[1,3]), ?=n))";

    static final List<Rule> ALL = List.of(
            spelled(
                    "keys of the same chunk",
                    String.format(SAME, "Unsqueeze(clipped_positions, =[1,2])"),
                    ChunkRules::same),
            spelled(
                    "keys of the same chunk, where rows begin with a token",
                    String.format(SAME, "Range(=0, total, =1)"),
                    ChunkRules::same));

    private ChunkRules() {}

    private static Optional<Term> same(Captures captures) {
        List<Long> size = captures.whole("n");
        boolean one = size.size() == 1 && size.get(0) > 0 && size.get(0) <= Integer.MAX_VALUE;
        return one
                ? Optional.of(
                        new Mask(false, Optional.of(Window.chunk(Math.toIntExact(size.get(0)))), Form.SHOWN, false))
                : Optional.empty();
    }
}
