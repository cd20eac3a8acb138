package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.lower.Padding;
import dev.twofold.report.Manifest;
import dev.twofold.target.Target;
import dev.twofold.target.gguf.GgufOptions;
import dev.twofold.target.gguf.GgufTarget;
import dev.twofold.target.gguf.MatrixType;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.onnx.WebType;
import dev.twofold.target.transformers.TransformersTarget;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.Optional;

/** The formats that models are written in, as manifests name them. A new format is added here. */
enum Targets {
    ONNX(OnnxTarget.NAME, Targets::onnx),
    TRANSFORMERS(TransformersTarget.NAME, (conversion, runtime) -> new TransformersTarget()),
    GGUF(GgufTarget.NAME, Targets::gguf);

    private final String name;
    private final Maker maker;

    Targets(String name, Maker maker) {
        this.name = name;
        this.maker = maker;
    }

    /** Makes a target with the options that a manifest keeps. */
    private interface Maker {

        Target make(FromManifest conversion, TrialRuntime runtime);
    }

    static Target of(FromManifest conversion, TrialRuntime runtime) {
        Targets named = conversion.constant(
                "target", values(), conversion.manifest().emission().target());
        return named.maker.make(conversion, runtime);
    }

    @Override
    public String toString() {
        return name;
    }

    private static Target gguf(FromManifest conversion, TrialRuntime runtime) {
        Manifest.Emission emission = conversion.manifest().emission();
        String file = emission.option(GgufOptions.FILE);
        if (!file.matches("[^/\\\\]+\\.gguf")) {
            throw TwofoldException.input("the manifest calls the file what no file is called")
                    .at(Origin.key(conversion.file(), "emission.file"))
                    .found(file)
                    .expected("a name that ends in .gguf");
        }
        return new GgufTarget(
                new GgufOptions(conversion.constant("dtype", MatrixType.values(), emission.dtype()), file));
    }

    private static Target onnx(FromManifest conversion, TrialRuntime runtime) {
        Manifest manifest = conversion.manifest();
        Manifest.Emission emission = manifest.emission();
        conversion.constant("dtype", Precision.values(), emission.dtype());
        CollectiveName collective = manifest.sharding().equals(Manifest.Sharding.NONE)
                ? CollectiveName.ORT
                : conversion.constant(
                        "collective",
                        CollectiveName.values(),
                        manifest.sharding().collective());
        OnnxOptions options = new OnnxOptions(
                conversion.constant(OnnxOptions.DIALECT, DialectName.values(), emission.option(OnnxOptions.DIALECT)),
                conversion.constant(OnnxOptions.KV_LAYOUT, KvLayout.values(), emission.option(OnnxOptions.KV_LAYOUT)),
                collective,
                stated(conversion, OnnxOptions.ACCURACY_LEVEL, AccuracyLevel.values()),
                stated(conversion, OnnxOptions.PADDING, Padding.values()).orElse(Padding.RIGHT),
                stated(conversion, OnnxOptions.LOGITS, LogitsSpan.values()).orElse(LogitsSpan.ALL));
        OnnxTarget graphs = new OnnxTarget(options, runtime);
        List<WebType> types = WebForms.types(manifest, Origin.file(conversion.file()));
        return types.isEmpty() ? graphs : WebForms.target(graphs, types);
    }

    /** An option that manifests leave out where it is the usual one. */
    private static <E> Optional<E> stated(FromManifest conversion, String option, E[] known) {
        return Optional.of(conversion.manifest().emission().option(option))
                .filter(value -> !value.isEmpty())
                .map(value -> conversion.constant(option, known, value));
    }
}
