package dev.twofold.source.onnx;

import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.diag.TwofoldException;
import dev.twofold.weight.Weights;
import java.util.Optional;

/** The end of a decoder, from the logits back to the stream. */
final class HeadReader {

    private HeadReader() {}

    /**
     * What makes logits of the stream.
     *
     * @param cap of the logits
     * @param stream that the last norm reads
     */
    record Head(Linear linear, Norm norm, Optional<Double> cap, Value stream) {}

    /** For how many tokens logits are made does not change them. */
    private static Value ofEveryToken(Value value) {
        return value.as(Term.LastToken.class).map(Term.LastToken::x).orElse(value);
    }

    /** @throws TwofoldException of kind INPUT that names the node which is not recognised */
    static Head read(ModelGraph graph, Value result) {
        Value logits = ofEveryToken(result);
        Optional<Double> cap = logits.as(Term.Capped.class).map(Term.Capped::limit);
        Value uncapped = logits.as(Term.Capped.class).map(Term.Capped::x).orElse(logits);
        Optional<Double> factor = uncapped.as(Term.Scaled.class).map(Term.Scaled::factor);
        Value plain = uncapped.as(Term.Scaled.class).map(Term.Scaled::x).orElse(uncapped);
        Projections product = Projections.of(plain)
                .filter(found -> found.clip().isEmpty())
                .orElseThrow(() -> wrong(graph, plain, "the product with the head's matrix"));
        Term.Normed normed = ofEveryToken(product.x())
                .as(Term.Normed.class)
                .orElseThrow(() -> wrong(graph, product.x(), "the last norm of the stream"));
        // Products are linear, so that a factor may as well be in the gain; a bias has its own.
        Norm norm = factor.map(by -> BranchReader.times(normed.norm(), by)).orElse(normed.norm());
        Linear linear = new Linear(
                product.linear().weight(),
                product.linear()
                        .bias()
                        .map(bias -> factor.map(by -> Weights.times(bias, by)).orElse(bias)));
        return new Head(linear, norm, cap, ofEveryToken(normed.x()));
    }

    private static TwofoldException wrong(ModelGraph graph, Value value, String expected) {
        return Unrecognised.in(graph).at(value, expected);
    }
}
