package dev.twofold.source.onnx;

import dev.twofold.decoder.Routing;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Shares;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/** How routers are spelled whose experts have their shares among those that are near, as Twofold writes them. */
final class NearRouting {

    private static final String NUMBERS = "TopK{axis=-1}:1(?r, ?=k)";
    private static final String OWN = "Unsqueeze(TopK{axis=-1}(?r, ?=k), =-1)";
    private static final String REST = "Where(Equal(Slice(" + NUMBERS + ", =0, =1, =-1), ?=every), ~-65504, ?r)";
    private static final String OPEN = "Concat{axis=2}(Unsqueeze(?r, =2), Unsqueeze(" + REST + ", =2))";
    private static final String CLOSE =
            "LessOrEqual(Sub(" + OWN + ", " + OPEN + "), Mul(Max(Abs(" + OPEN + "), " + OWN + "), ?~near))";
    private static final String WEIGHTS =
            "ReduceMax{keepdims=0}(Softmax{axis=-1}(Where(" + CLOSE + ", " + OPEN + ", ~-65504)), =-1)";

    static final List<Rule> ALL = List.of(Rule.spelled(
            "shares of experts among those that are near",
            "ScatterElements{axis=-1}(Sub(?r, ?r), " + NUMBERS + ", " + WEIGHTS + ")",
            NearRouting::shares));

    private NearRouting() {}

    private static Optional<Term> shares(Captures captures) {
        Value router = captures.value("r");
        double near = captures.number("near");
        boolean fits = captures.whole("k").equals(List.of((long) Routing.NEAR))
                && captures.whole("every")
                        .equals(LongStream.range(0, router.width()).boxed().toList())
                && router.width() >= Routing.NEAR
                && near >= 0;
        return fits ? Optional.of(new Shares(router, Routing.among(near))) : Optional.empty();
    }
}
