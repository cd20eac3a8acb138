package dev.twofold.source.onnx;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.GraphNames;
import dev.twofold.source.onnx.StepsReader.Reading;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The decoder that a graph computes, from its logits back to its embedding. */
final class GraphDecoder {

    private static final int MAX_SIZE = 1 << 26;

    private final ModelGraph graph;
    private final Settings settings;
    private final BranchReader branches;
    private final Addends addends;

    private GraphDecoder(ModelGraph graph, Settings settings, WeightEvaluator numbers) {
        this.graph = graph;
        this.settings = settings;
        RotaryReader rotaries = new RotaryReader(graph, numbers, settings.rotaries());
        this.branches = new BranchReader(graph, new AttentionReader(graph, rotaries));
        this.addends = new Addends(graph);
    }

    /** @throws TwofoldException of kind INPUT that names the node which is not recognised, and what was expected there */
    static Decoder read(ModelGraph graph, Settings settings) {
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator numbers = new WeightEvaluator(files);
            Map<String, Value> values = Interpreter.interpret(graph, numbers);
            Decoder decoder = new GraphDecoder(graph, settings, numbers).read(logits(graph, values));
            DecoderVerifier.verify(decoder);
            return decoder;
        }
    }

    private static Value logits(ModelGraph graph, Map<String, Value> values) {
        Value logits = graph.outputs().contains(GraphNames.LOGITS) ? values.get(GraphNames.LOGITS) : null;
        if (logits == null) {
            throw TwofoldException.input("the graph has no logits")
                    .at(Origin.file(graph.file()))
                    .found("outputs "
                            + String.join(
                                    ", ", graph.outputs().stream().limit(4).toList()))
                    .expected("an output " + GraphNames.LOGITS + ", which a node makes");
        }
        return logits;
    }

    /**
     * The end of a decoder.
     *
     * @param cap of the logits
     * @param stream that the last norm reads
     */
    private record Head(Linear linear, Norm norm, Optional<Double> cap, Value stream) {}

    /** For how many tokens logits are made does not change them. */
    private static Value ofEveryToken(Value value) {
        return value.as(Term.LastToken.class).map(Term.LastToken::x).orElse(value);
    }

    private Head head(Value result) {
        Value logits = ofEveryToken(result);
        Optional<Double> cap = logits.as(Term.Capped.class).map(Term.Capped::limit);
        Value uncapped = logits.as(Term.Capped.class).map(Term.Capped::x).orElse(logits);
        Optional<Double> factor = uncapped.as(Term.Scaled.class).map(Term.Scaled::factor);
        Value plain = uncapped.as(Term.Scaled.class).map(Term.Scaled::x).orElse(uncapped);
        Projections product = Projections.of(plain)
                .filter(found -> found.clip().isEmpty())
                .orElseThrow(() -> wrong(plain, "the product with the head's matrix"));
        if (product.linear().bias().isPresent()) {
            throw wrong(plain, "a head without a bias");
        }
        Term.Normed normed = ofEveryToken(product.x())
                .as(Term.Normed.class)
                .orElseThrow(() -> wrong(product.x(), "the last norm of the stream"));
        // The head is linear, so that a factor may as well be in the gain.
        Norm norm = factor.map(by -> BranchReader.times(normed.norm(), by)).orElse(normed.norm());
        return new Head(product.linear(), norm, cap, ofEveryToken(normed.x()));
    }

    private Decoder read(Value logits) {
        Head head = head(logits);
        List<Value> all = addends.of(head.stream());
        List<Value> begin = all.stream().filter(GraphDecoder::isEmbedding).toList();
        Embedding embedding = embedding(begin, head.stream());
        List<Found> found = all.stream()
                .filter(value -> !begin.contains(value))
                .map(branches::read)
                .toList();
        Layers layers = new Layers(graph, found);
        List<Reading> readings = readings(all, begin, found, layers);
        List<Step> steps = new StepsReader(graph).steps(readings, numbers(all, begin));
        return new Decoder(
                facts(head, embedding, steps, layers),
                embedding,
                steps,
                head.norm(),
                head.linear(),
                head.cap(),
                Precision.FP32);
    }

    private static boolean isEmbedding(Value value) {
        return value.term() instanceof Term.Rows
                || value.term() instanceof Term.Positions
                || value.term() instanceof Term.Scaled scaled && scaled.x().term() instanceof Term.Rows;
    }

    private Embedding embedding(List<Value> begin, Value stream) {
        List<Value> tokens = begin.stream()
                .filter(value -> !(value.term() instanceof Term.Positions))
                .toList();
        List<Weight> positions = begin.stream()
                .flatMap(value -> value.as(Term.Positions.class).stream())
                .map(Term.Positions::table)
                .toList();
        if (tokens.size() != 1 || positions.size() > 1) {
            throw wrong(stream, "a stream that begins as the rows of one table, by the ids of tokens");
        }
        Value rows = tokens.get(0).as(Term.Scaled.class).map(Term.Scaled::x).orElse(tokens.get(0));
        return new Embedding(
                rows.as(Term.Rows.class).orElseThrow().table(),
                tokens.get(0).as(Term.Scaled.class).map(Term.Scaled::factor).orElse(1.0),
                positions.stream().findFirst());
    }

    private List<Reading> readings(List<Value> all, List<Value> begin, List<Found> found, Layers layers) {
        Map<Value, Integer> places = new HashMap<>();
        IntStream.range(0, all.size()).forEach(i -> places.put(all.get(i), i));
        BitSet first = numbers(all, begin);
        List<Reading> readings = new ArrayList<>();
        for (Found one : found) {
            List<Integer> own = layers.of(one);
            BitSet reads = new BitSet();
            for (Value read : addends.of(one.stream())) {
                Integer place = places.get(read);
                if (place == null) {
                    throw new Unrecognised(graph, own).at(read, "the stream, or a norm of it, as what a branch reads");
                }
                reads.set(place);
            }
            BitSet missing = (BitSet) first.clone();
            missing.andNot(reads);
            if (!missing.isEmpty()) {
                throw new Unrecognised(graph, own).at(one.stream(), "the stream with the embedding in it");
            }
            Branch branch = new Branch(
                    one.in(),
                    one.body().apply(own),
                    one.out(),
                    new Origin(graph.file().toString(), own, ""));
            readings.add(new Reading(one, branch, places.getOrDefault(one.addend(), 0), reads));
        }
        return readings;
    }

    private static BitSet numbers(List<Value> all, List<Value> some) {
        BitSet numbers = new BitSet();
        some.forEach(value -> numbers.set(all.indexOf(value)));
        return numbers;
    }

    private ModelFacts facts(Head head, Embedding embedding, List<Step> steps, Layers layers) {
        long vocabulary = head.linear().outputs();
        long hidden = embedding.table().shape().columns();
        if (Math.max(vocabulary, hidden) > MAX_SIZE || layers.count() == 0) {
            throw TwofoldException.input("no decoder of a size that there is")
                    .at(Origin.file(graph.file()))
                    .found(vocabulary + " tokens, a stream of " + hidden + ", " + layers.count() + " caches");
        }
        Decoder alone = new Decoder(
                settings.facts(graph.file().toString(), 1, 2, (int) hidden, (int) vocabulary, Optional.empty()),
                embedding,
                steps,
                head.norm(),
                head.linear(),
                head.cap(),
                Precision.FP32);
        int last = alone.branches()
                .flatMap(branch -> branch.origin().layers().stream())
                .mapToInt(Integer::intValue)
                .max()
                .orElse(0);
        boolean together = steps.stream().allMatch(step -> step.branches().size() > 1);
        Optional<Integer> positions = embedding
                .positions()
                .map(table -> (int) table.shape().dim(0))
                .or(() -> alone.rotaries().stream().map(Rotary::positions).min(Integer::compare));
        return settings.facts(
                graph.file().toString(), last + 1, together ? 1 : 2, (int) hidden, (int) vocabulary, positions);
    }

    private TwofoldException wrong(Value value, String expected) {
        return Unrecognised.in(graph).at(value, expected);
    }
}
