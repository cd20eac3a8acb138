package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;
import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Routing;
import dev.twofold.source.onnx.MixtureExperts.Matrices;
import dev.twofold.source.onnx.MixtureExperts.Places;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Mixture;
import dev.twofold.source.onnx.Term.Shares;
import dev.twofold.source.onnx.Term.Weighed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Mixtures of experts that are one operator, which has the matrices of all experts one after the other. */
final class MixtureRules {

    /** What makes a softmax the shares again that were chosen before. */
    private static final Pattern LOGARITHMS = PatternText.parse("Reshape(Log(?shares), ?=rows)");

    static final List<Rule> ALL = List.of(
            new Rule(
                    "a mixture of experts",
                    MICROSOFT + "MoE",
                    (call, values) -> mixture(call, values, new Places(2, 3, 4, 5, 6, 7, 8), Matrices.NUMBERS)),
            new Rule(
                    "a mixture of experts in blocks",
                    MICROSOFT + "QMoE",
                    (call, values) -> mixture(call, values, new Places(2, 4, 5, 7, 8, 10, 14), Matrices.BLOCKS)),
            spelled(
                    "a mixture of experts times the sum of its shares",
                    "Mul(?mixture, ReduceSum(?shares, =-1))",
                    MixtureRules::summed),
            spelled("a value times a sum of shares", "Mul(?x, ReduceSum(?shares, =-1))", MixtureRules::weighed),
            spelled(
                    "a mixture of experts that reads a value times its share",
                    "Add(?mixture, Sub(ReduceSum(?shares, =-1), ReduceSum(?shares, =-1)))",
                    MixtureRules::weighing));

    private static final Set<String> READ = Set.of(
            "k",
            "normalize_routing_weights",
            "activation_type",
            "activation_alpha",
            "activation_beta",
            "swiglu_limit",
            "swiglu_fusion",
            "quant_type",
            "expert_weight_bits",
            "block_size");

    /** What other attributes are, if they change nothing. */
    private static final Map<String, Long> SILENT = Map.of("use_sparse_mixer", 0L, "weights_prepacked", 0L);

    private static final long MOST = 1 << 14;

    private MixtureRules() {}

    private static boolean isPlain(Call call) {
        return call.output() == 0
                && call.text("quant_type", "int").equals("int")
                && call.attributes().entrySet().stream()
                        .filter(entry -> !READ.contains(entry.getKey()))
                        .allMatch(entry -> entry.getValue().hasI()
                                && Long.valueOf(entry.getValue().getI()).equals(SILENT.get(entry.getKey())));
    }

    /** Which experts a token gets, and the projection that says so. */
    private static Optional<Shares> shares(Call call, Matrices kind, Value given) {
        Captures captures = new Captures();
        long chosen = call.integer("k", 1);
        if (LOGARITHMS.matches(given, captures)) {
            List<Long> rows = captures.whole("rows");
            return captures.value("shares")
                    .as(Shares.class)
                    .filter(shares -> shares.routing().chosen() == chosen
                            && rows.equals(List.of(-1L, shares.router().width())))
                    .map(shares -> new Shares(shares.router(), shares.routing().withNormed(true)));
        }
        boolean normed = call.integer("normalize_routing_weights", 0) == 1;
        // The runtime divides those of QMoE by their sum, even if the file says that they are not.
        boolean fits = chosen > 0 && chosen <= given.width() && (normed || kind == Matrices.NUMBERS);
        return fits ? Optional.of(new Shares(given, Routing.softmax((int) chosen, normed))) : Optional.empty();
    }

    private static Optional<Term> mixture(Call call, Values values, Places at, Matrices kind) {
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        Optional<Shares> shares = call.input(1)
                .flatMap(given -> shares(call, kind, given))
                .filter(found -> found.router().width() > 0 && found.router().width() <= MOST);
        Optional<Activation> activation = ExpertActivation.of(call);
        boolean rest = call.inputs().stream().skip(at.rest()).allMatch(Optional::isEmpty);
        if (!isPlain(call) || !rest || x.isEmpty() || shares.isEmpty() || activation.isEmpty()) {
            return Optional.empty();
        }
        return new MixtureExperts(call, values, at, kind)
                .read(shares.get().router().width(), x.get().width(), activation.get())
                .map(all ->
                        new Mixture(x.get(), shares.get().router(), shares.get().routing(), all));
    }

    private static Optional<Term> weighed(Captures captures) {
        Value x = captures.value("x");
        return captures.value("shares")
                .as(Shares.class)
                .filter(shares -> x.width() > 0)
                .map(shares -> new Weighed(x, shares));
    }

    /** One expert is chosen, whose share what it reads is multiplied by; that the operator divides shares by their sum is nothing then. */
    private static Optional<Term> weighing(Captures captures) {
        Optional<Shares> shares = captures.value("shares").as(Shares.class);
        return captures.value("mixture")
                .as(Mixture.class)
                .flatMap(mixture -> mixture.x()
                        .as(Weighed.class)
                        .filter(read -> shares.equals(Optional.of(read.shares()))
                                && read.shares().router() == mixture.router()
                                && read.shares().routing().chosen() == 1
                                && read.shares().routing().withNormed(true).equals(mixture.routing()))
                        .map(read -> new Mixture(
                                read.x(),
                                mixture.router(),
                                read.shares().routing().weighingInputs(true),
                                mixture.experts())));
    }

    /** Shares that the operator divided by their sum, as they were before. */
    private static Optional<Term> summed(Captures captures) {
        Optional<Shares> shares = captures.value("shares").as(Shares.class);
        return captures.value("mixture")
                .as(Mixture.class)
                .filter(mixture -> shares.filter(found -> found.router() == mixture.router()
                                && found.routing().withNormed(true).equals(mixture.routing()))
                        .isPresent())
                .map(mixture ->
                        new Mixture(mixture.x(), mixture.router(), shares.get().routing(), mixture.experts()));
    }
}
