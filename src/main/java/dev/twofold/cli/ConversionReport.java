package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.inspection.FitSession.Fits;
import dev.twofold.inspection.Host;
import dev.twofold.layers.KeptApart;
import dev.twofold.pipeline.Compilation;
import dev.twofold.pipeline.CompiledOutput;
import dev.twofold.pipeline.FromManifest;
import dev.twofold.pipeline.OutputWriter;
import dev.twofold.pipeline.Placed;
import dev.twofold.report.Manifest;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** What {@code convert} says of the model it makes, or would make. */
record ConversionReport(Path output, Compilation compilation, Optional<CompiledOutput> written) {

    static ConversionReport of(Path output, Compilation previewed) {
        return new ConversionReport(output, previewed, Optional.empty());
    }

    static ConversionReport of(Path output, CompiledOutput written) {
        return new ConversionReport(output, written.compilation(), Optional.of(written));
    }

    /** With the conversion that was repeated, if one was. */
    Optional<FromManifest.Comparison> comparison() {
        return written.flatMap(CompiledOutput::comparison);
    }

    /** Says which nodes of what was written a host's provider leaves to the CPU. */
    void sayPlacement(Host host) {
        written.ifPresent(compiled -> Placed.report(output, compiled.result().manifest(), host));
    }

    boolean isCompensated() {
        return compilation.fits().isPresent();
    }

    Map<String, Object> document(double seconds) {
        Manifest.Model model = compilation.model();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("output", output.toString());
        document.put("layers", model.layers());
        document.put("effectiveDepth", model.effectiveDepth());
        document.put("steps", steps());
        document.put("pairs", model.pairs());
        document.put("merges", model.merges());
        document.put("allReduces", model.allReduces());
        List<KeptApart> kept = compilation.keptApart();
        if (!kept.isEmpty()) {
            document.put("keptApart", kept.stream().map(this::document).toList());
        }
        ShardingReport.of(compilation).ifPresent(report -> document.put("sharding", report.document()));
        compilation.chosen().ifPresent(chosen -> document.put("choice", new ChoiceReport(chosen).document()));
        compilation.fits().ifPresent(fits -> document.put("compensation", document(fits)));
        written.map(CompiledOutput::result).ifPresentOrElse(result -> moved(document, result), () -> sizes(document));
        comparison().ifPresent(comparison -> {
            document.put("differs", comparison.differs());
            document.put("notCompared", comparison.notCompared());
        });
        document.put("seconds", rounded(seconds));
        return document;
    }

    private static void moved(Map<String, Object> document, OutputWriter.Result result) {
        document.put("bytesRead", result.bytesRead());
        document.put("bytesWritten", result.bytesWritten());
    }

    private void sizes(Map<String, Object> document) {
        document.put("dryRun", true);
        nodes().ifPresent(nodes -> document.put("nodes", nodes));
        document.put("bytesToWrite", bytesToWrite());
        document.put("bytesRead", 0);
        document.put("bytesWritten", 0);
    }

    Target target() {
        return compilation.target();
    }

    private int steps() {
        return compilation.decoder().steps().size();
    }

    /** Of one part; all parts have as many. */
    private OptionalInt nodes() {
        return compilation.previews().get(0).nodes();
    }

    private long bytesToWrite() {
        return compilation.previews().stream().mapToLong(Preview::dataBytes).sum();
    }

    private static Map<String, Object> document(Fits fits) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("tokens", fits.tokens());
        document.put("heldOutTokens", fits.heldOutTokens());
        document.put("fits", fits.findings());
        return document;
    }

    private Map<String, Object> document(KeptApart apart) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("operator", apart.operator().toString());
        document.put("steps", apart.steps());
        document.put("branches", apart.branches());
        document.put("reason", apart.reason(compilation.source().decoder()));
        return document;
    }

    void print(PrintWriter out, double seconds) {
        compilation.fits().ifPresent(fits -> FitTable.print(fits, out));
        Manifest.Model model = compilation.model();
        String places = String.join(" ", compilation.sideBySide());
        out.println(output);
        line(
                out,
                "layers",
                model.layers() + ", effective depth " + model.effectiveDepth() + ", " + steps() + " steps of "
                        + compilation.source().decoder().steps().size());
        line(out, "side by side", places.isEmpty() ? "none" : places);
        line(
                out,
                "all-reduces",
                model.allReduces() + " a token when sharded (" + compilation.unpairedReduces() + " unpaired)");
        printApart(out, compilation.source().decoder());
        compilation.chosen().ifPresent(chosen -> {
            String title = "chosen";
            for (String text : new ChoiceReport(chosen).lines(isCompensated())) {
                line(out, title, text);
                title = "";
            }
        });
        ShardingReport.of(compilation).ifPresent(report -> report.print(out));
        line(
                out,
                written.isPresent() ? "read, written" : "would write",
                written.map(CompiledOutput::result)
                        .map(result -> moved(result, seconds))
                        .orElseGet(this::toWrite));
    }

    private static String moved(OutputWriter.Result result, double seconds) {
        return result.bytesRead() + ", " + result.bytesWritten() + " bytes in " + rounded(seconds) + " s";
    }

    private String toWrite() {
        OptionalInt nodes = nodes();
        return bytesToWrite() + " bytes of weights" + (nodes.isPresent() ? ", " + nodes.getAsInt() + " nodes" : "");
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 1e3) / 1e3;
    }

    private void printApart(PrintWriter out, Decoder original) {
        String title = "kept apart";
        for (KeptApart apart : compilation.keptApart()) {
            String reason = apart.reason(original);
            line(
                    out,
                    title,
                    apart.operator() + " of " + apart.steps() + (apart.steps() == 1 ? " group: " : " groups: ")
                            + apart.branches() + " operators, not " + apart.steps()
                            + (reason.isEmpty() ? "" : ", as " + reason));
            title = "";
        }
    }

    /** A line under the name of the output. */
    static void line(PrintWriter out, String title, String text) {
        out.printf("  %-16s %s%n", title, text);
    }
}
