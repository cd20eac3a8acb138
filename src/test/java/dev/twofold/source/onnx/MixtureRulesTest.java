package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Routing;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a mixture of experts by the logarithms of shares must not be read from. */
final class MixtureRulesTest {

    @Test
    void a_mixture_is_multiplied_by_the_sum_of_its_own_shares_alone() {
        Rule rule = Interpreter.rules().stream()
                .filter(one -> one.name().equals("a mixture of experts times the sum of its shares"))
                .findFirst()
                .orElseThrow();
        Sketch whole = new Sketch(Interpreter.rules());
        Value router = whole.projected(4);
        List<Term> shares = List.of(
                new Term.Shares(router, Routing.softmax(1, false)),
                new Term.Shares(whole.projected(8), Routing.softmax(2, false)),
                new Term.Placed());
        Term mixture = new Term.Mixture(whole.computed(1), router, Routing.softmax(2, true), List.of());
        assertThat(shares).allSatisfy(one -> {
            Sketch sketch = new Sketch(Interpreter.rules()).with("shares", one).with("mixture", mixture);
            assertThat(rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values()))
                    .isEmpty();
        });
        for (boolean normed : new boolean[] {false, true}) {
            Sketch sketch = new Sketch(Interpreter.rules())
                    .with("shares", new Term.Shares(router, Routing.softmax(2, normed)))
                    .with("mixture", mixture);
            assertThat(rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values()))
                    .isPresent();
        }
    }
}
