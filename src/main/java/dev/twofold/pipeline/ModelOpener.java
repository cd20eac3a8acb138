package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.AllLogits;
import dev.twofold.graph.ExactProducts;
import dev.twofold.graph.GivenRouting;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.inspection.Host;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.NodePlacement;
import dev.twofold.ort.SessionSetup;
import dev.twofold.ort.ValidatedModel;
import dev.twofold.ort.Validation;
import dev.twofold.ort.Waiting;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.transformers.TransformersTarget;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Loads outputs, whole or with all their ranks. */
public final class ModelOpener {

    private static final int PROBED = 16;

    private final Host host;
    private final SessionSetup setup;
    private final Set<String> said = new HashSet<>();

    /** For threads that leave their cores to others while they wait. */
    public ModelOpener(Host host) {
        this(host, Waiting.ASLEEP);
    }

    public ModelOpener(Host host, Waiting waiting) {
        this.host = host;
        this.setup = new SessionSetup(host.provider(), host.device(), waiting);
    }

    /**
     * @throws TwofoldException of kind INPUT if it is one rank of several or a rank is missing, of kind ENVIRONMENT if the
     *     provider is
     */
    public ModelSession open(Path directory, Manifest manifest) {
        return open(directory, manifest, Optional.empty());
    }

    /** Where the nodes of a model run that is not cut; empty on the CPU, which has all operators. */
    public Optional<NodePlacement> placement(Path directory, Manifest manifest) {
        return host.provider().isCpu() || manifest.sharding().isAbove()
                ? Optional.empty()
                : Optional.of(NodePlacement.of(directory, setup));
    }

    /**
     * The same with the logits of all tokens, and once more with exact products if it has weights in blocks, or as it is; the routers
     * of all can be told what to choose.
     *
     * @param routers of the reference; where a model has another number of them, it is compared as it is
     */
    ValidatedModel openToValidate(Path place, Manifest manifest, int routers) {
        boolean blocks = !manifest.emission().blocks().isEmpty();
        boolean last = manifest.emission().option(OnnxOptions.LOGITS).equals(LogitsSpan.LAST.toString());
        boolean routed =
                routers > 0 && !manifest.sharding().isAbove() && GivenRouting.routers(ModelFile.read(place)) == routers;
        List<Step> told = routed ? List.of(GivenRouting::of) : List.of();
        List<Step> all = last ? with(told, AllLogits::of) : told;
        List<List<Step>> forms = new ArrayList<>(List.of(all));
        if (blocks) {
            forms.add(with(all, ExactProducts::of));
        }
        if (last) {
            forms.add(blocks ? with(told, ExactProducts::of) : told);
        }
        List<ModelSession> sessions = new ArrayList<>();
        try {
            forms.forEach(form -> sessions.add(open(place, manifest, together(form))));
        } catch (RuntimeException e) {
            sessions.forEach(ModelSession::close);
            throw e;
        }
        return new ValidatedModel(
                sessions.get(0),
                blocks ? Optional.of(sessions.get(1)) : Optional.empty(),
                last ? Optional.of(sessions.get(sessions.size() - 1)) : Optional.empty(),
                routed);
    }

    /** One thing that is changed of a model before it is looked at. */
    private interface Step extends UnaryOperator<ModelProto> {}

    private static List<Step> with(List<Step> steps, Step another) {
        return Stream.concat(steps.stream(), Stream.of(another)).toList();
    }

    private static Optional<UnaryOperator<ModelProto>> together(List<Step> steps) {
        return steps.isEmpty()
                ? Optional.empty()
                : Optional.of(model -> {
                    ModelProto changed = model;
                    for (Step step : steps) {
                        changed = step.apply(changed);
                    }
                    return changed;
                });
    }

    /**
     * What computes in fp32 here and in fp16 elsewhere is within fp32 here, whatever it is there: the start of a text is run in
     * fp16, where activations are largest.
     *
     * @throws TwofoldException of kind INPUT if a logit is no finite number
     */
    void requireFinite(Path directory, Manifest manifest, int[] tokens) {
        if (raised(manifest) && narrow(manifest) == Precision.FP16) {
            try (ModelSession session = load(directory, manifest, Optional.empty())) {
                Validation.requireFinite(session, Arrays.copyOf(tokens, Math.min(PROBED, tokens.length)));
            }
        }
    }

    private ModelSession open(Path directory, Manifest manifest, Optional<UnaryOperator<ModelProto>> wanted) {
        if (!raised(manifest)) {
            return load(directory, manifest, wanted);
        }
        sayOnce(
                narrow(manifest) == Precision.BF16
                        ? "note: ONNX Runtime does not compute in bf16 on the CPU; the bf16 weights run with fp32"
                                + " arithmetic here"
                        : "note: ONNX Runtime computes several times slower in fp16 than in fp32 on the CPU; the fp16"
                                + " weights run with fp32 arithmetic here");
        UnaryOperator<ModelProto> form =
                model -> wanted.orElse(UnaryOperator.identity()).apply(WidenedModel.of(model));
        return load(directory, manifest, Optional.of(form));
    }

    /** Whether the model computes in more than it is written in. */
    private boolean raised(Manifest manifest) {
        return host.provider().isCpu() && narrow(manifest) != Precision.FP32;
    }

    private static Precision narrow(Manifest manifest) {
        return Arrays.stream(Precision.values())
                .filter(candidate ->
                        candidate.toString().equals(manifest.emission().dtype()))
                .findFirst()
                .orElse(Precision.FP32);
    }

    private void sayOnce(String note) {
        if (said.add(note)) {
            host.notice(note);
        }
    }

    private ModelSession load(Path directory, Manifest manifest, Optional<UnaryOperator<ModelProto>> form) {
        requireOnnx(directory, manifest);
        requireWhole(directory, manifest);
        ModelSession session = session(directory, manifest, form);
        CudaAttention.note(manifest, host.provider()).ifPresent(this::sayOnce);
        return session;
    }

    private ModelSession session(Path directory, Manifest manifest, Optional<UnaryOperator<ModelProto>> form) {
        if (manifest.sharding().isAbove()) {
            List<ModelSession.Device> ranks = RankDirectories.require(directory, manifest).stream()
                    .map(rank -> new ModelSession.Device(
                            rank, SegmentedModel.read(rank, form.orElse(UnaryOperator.identity()))))
                    .toList();
            sayOnce("note: devices run as threads of one process, to prove and to compare; an engine with collectives"
                    + " serves them");
            return ModelSession.open(ranks, setup);
        }
        Optional<byte[]> instead =
                form.map(changed -> changed.apply(ModelFile.read(directory)).toByteArray());
        return ModelSession.open(directory, instead, setup);
    }

    private static void requireOnnx(Path directory, Manifest manifest) {
        String target = manifest.emission().target();
        if (!target.equals(OnnxTarget.NAME)) {
            throw TwofoldException.input("ONNX Runtime does not run this model")
                    .at(Origin.file(directory))
                    .found("a model for " + target)
                    .expected("one that was converted with --target " + OnnxTarget.NAME)
                    .hint(
                            target.equals(TransformersTarget.NAME)
                                    ? "twofold convert " + directory + " --window 0:0 -o DIR makes one of it"
                                    : "run it where it belongs, or convert the same plan once more without --target");
        }
    }

    /** One device's part alone computes nothing that is worth having. */
    private static void requireWhole(Path directory, Manifest manifest) {
        Manifest.Sharding sharding = manifest.sharding();
        if (sharding.devices() > 1
                && !sharding.isAbove()
                && !sharding.collective().equals(CollectiveName.ANNOTATE.toString())) {
            throw TwofoldException.input("this is one rank of a model for " + sharding.devices() + " devices")
                    .at(Origin.file(directory))
                    .found("rank " + sharding.ranks().get(0))
                    .hint("give the directory above it, which holds every rank");
        }
    }
}
