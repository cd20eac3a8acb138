package dev.twofold.source.onnx;

import dev.twofold.decoder.FeedForward;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.onnx.BranchReader.Body;
import dev.twofold.source.onnx.Term.Chosen;
import dev.twofold.source.onnx.Term.Mixture;
import dev.twofold.source.onnx.Term.Outcome;
import dev.twofold.source.onnx.Term.Routed;
import dev.twofold.source.onnx.Term.Shares;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Reads experts that each gather the tokens which chose them: all of a router, each a feed-forward of the same value. */
final class DispatchedReader {

    private final ModelGraph graph;
    private final Function<Value, Body> bodies;

    /** @param bodies what a value is that a feed-forward makes */
    DispatchedReader(ModelGraph graph, Function<Value, Body> bodies) {
        this.graph = graph;
        this.bodies = bodies;
    }

    /** @throws TwofoldException of kind INPUT that names the node which is not what it was expected to be */
    Mixture read(Value value, List<Outcome> outcomes) {
        Shares shares = outcomes.get(0).shares();
        if (outcomes.size() != shares.router().width()) {
            throw wrong(value, "a sum of as many experts as the router has numbers for");
        }
        List<Value> inputs = new ArrayList<>();
        List<FeedForward> experts = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            boolean next = outcome.places()
                    .as(Chosen.class)
                    .filter(chosen -> chosen.expert() == experts.size())
                    .isPresent();
            Body body = bodies.apply(outcome.made());
            Value input = body.input()
                    .as(Routed.class)
                    .filter(routed -> next && routed.places() == outcome.places())
                    .map(Routed::x)
                    .orElseThrow(
                            () -> wrong(outcome.made(), "expert " + experts.size() + " of the tokens that chose it"));
            if (!outcome.shares().equals(shares) || !inputs.isEmpty() && inputs.get(0) != input) {
                throw wrong(outcome.made(), "experts that read one value, by the shares of one router");
            }
            FeedForward expert = feedForward(outcome.made(), body);
            if (!experts.isEmpty() && !form(expert).equals(form(experts.get(0)))) {
                throw wrong(outcome.made(), "experts of one form and width");
            }
            inputs.add(input);
            experts.add(expert);
        }
        return new Mixture(inputs.get(0), shares.router(), shares.routing(), experts);
    }

    private FeedForward feedForward(Value made, Body body) {
        if (body.caches().isEmpty() && body.made().apply(List.of()) instanceof FeedForward expert) {
            return expert;
        }
        throw wrong(made, "an expert that is a feed-forward");
    }

    private static List<Object> form(FeedForward expert) {
        List<Object> form = new ArrayList<>(List.of(expert.mergeKey(), expert.width()));
        Stream.concat(expert.readers().stream(), Stream.of(expert.down()))
                .forEach(linear -> form.add(linear.bias().isPresent()));
        return form;
    }

    private TwofoldException wrong(Value value, String expected) {
        return Unrecognised.in(graph).at(value, expected);
    }
}
