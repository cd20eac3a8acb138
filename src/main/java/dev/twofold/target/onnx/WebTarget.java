package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.OnnxFile;
import dev.twofold.graph.check.GraphCheck;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * Writes ONNX models as transformers.js looks for them, one for each type of weights:
 *
 * <pre>
 * DIR/config.json, generation_config.json, tokenizer.json, ...
 * DIR/onnx/model.onnx       model.onnx_data
 * DIR/onnx/model_q4.onnx    model_q4.onnx_data
 * </pre>
 *
 * <p>It loads cache by cache what the graph's inputs say, so caches may differ in size; how many there are, it takes from config.json.
 *
 * @param graphs how one model is built
 * @param types in the order in which they are written
 * @param rounding what makes a decoder in fp32 one of a type
 */
public record WebTarget(OnnxTarget graphs, List<WebType> types, BiFunction<WebType, Decoder, Decoder> rounding)
        implements Target {

    /** The option of manifests that says that the files are laid out so, and its value. */
    public static final String LAYOUT = "layout";

    public static final String NAME = "transformersjs";

    /** The option of manifests with the types. */
    public static final String TYPES = "types";

    /** What browsers take into one array. */
    private static final long LARGEST_FILE = 2L << 30;

    public WebTarget {
        types = List.copyOf(types);
        // ONNX Runtime's WebAssembly has no GatherBlockQuantized; whether its builds have MoE was not tried.
        graphs = new OnnxTarget(graphs.form().withFewOperators(), graphs.runtime());
    }

    /** The types that a manifest names, if it is of this layout and they are known. */
    public static Optional<List<WebType>> named(String layout, String types) {
        if (!layout.equals(NAME)) {
            return Optional.empty();
        }
        List<String> names = List.of(types.split(","));
        List<WebType> known = names.stream()
                .flatMap(name -> Arrays.stream(WebType.values())
                        .filter(type -> type.toString().equals(name)))
                .toList();
        return known.size() == names.size() ? Optional.of(known) : Optional.of(List.of());
    }

    @Override
    public String name() {
        return graphs.name();
    }

    @Override
    public SortedMap<String, String> options() {
        SortedMap<String, String> options = graphs.options();
        options.put(LAYOUT, NAME);
        options.put(TYPES, types.stream().map(WebType::toString).collect(Collectors.joining(",")));
        return options;
    }

    @Override
    public Optional<NotApplicable> check(Decoder decoder, List<Companion> originals) {
        if (decoder.sharding().isPresent()) {
            return Optional.of(new NotApplicable("transformers.js knows of no devices", "leave out --devices"));
        }
        if (originals.stream().noneMatch(original -> original.name().equals(CompanionFiles.CONFIG))) {
            return Optional.of(new NotApplicable(
                    "transformers.js needs a " + CompanionFiles.CONFIG + ", which the checkpoint does not have",
                    "put it beside the weights"));
        }
        boolean plain =
                decoder.precision() == Precision.FP32 && decoder.blocks().isEmpty();
        if (!plain && !types.equals(WebType.of(decoder).map(List::of).orElse(List.of()))) {
            return Optional.of(new NotApplicable(
                    "transformers.js has no name for " + decoder.precision() + " " + decoder.blocks()
                            + ", or it is not what was to be written, " + types,
                    "--dtype fp32, fp16, int4 or int8 in place of a type in the pipeline"));
        }
        return forms(decoder).stream()
                .flatMap(form -> graphs.check(form, originals).stream())
                .findFirst();
    }

    @Override
    public List<Part> parts(Decoder decoder) {
        return List.of(Part.whole(decoder));
    }

    @Override
    public List<Decoder> forms(Decoder decoder) {
        return types.stream().map(type -> form(type, decoder)).toList();
    }

    private Decoder form(WebType type, Decoder decoder) {
        return WebType.of(decoder).equals(Optional.of(type)) ? decoder : rounding.apply(type, decoder);
    }

    /** All models together; nodes of one, and caches of one in its own type. */
    @Override
    public Preview preview(Part part) {
        List<Preview> each = forms(part.decoder()).stream()
                .map(form -> graphs.preview(Part.whole(form)))
                .toList();
        return new Preview(
                each.stream().mapToLong(Preview::weightBytes).sum(),
                each.stream().mapToLong(Preview::dataBytes).sum(),
                each.get(0).kvBytesPerToken(),
                OptionalInt.of(each.get(0).nodes().orElseThrow()));
    }

    /** Of several files only the length and hash of the first are returned; the others are hashed again. */
    @Override
    public Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer) {
        List<Written> written = new ArrayList<>();
        for (WebType type : types) {
            Path model = directory.resolve(type.file());
            try {
                Files.createDirectories(model.getParent());
            } catch (IOException e) {
                throw failed(model, e);
            }
            written.add(OnnxFile.write(graphs.graph(form(type, part.decoder())), model, type.data(), writer));
        }
        return written.get(0);
    }

    @Override
    public String weightFile() {
        return types.get(0).dataFile();
    }

    @Override
    public void companions(Part part, List<Companion> originals, Path directory) {
        CompanionFiles.copy(directory, originals);
        Path config = directory.resolve(CompanionFiles.CONFIG);
        try {
            new WebConfig(types, graphs.caches(part.decoder())).write(config);
        } catch (IOException e) {
            throw failed(config, e);
        }
    }

    @Override
    public void verify(Part part, Path directory) {
        for (WebType type : types) {
            Path model = directory.resolve(type.file());
            GraphCheck.requireFile(model);
            if (!graphs.runtime().equals(TrialRuntime.NONE)) {
                graphs.runtime().load(model, Optional.empty());
            }
        }
    }

    @Override
    public List<String> notes(Decoder decoder, List<Companion> originals) {
        List<String> notes = new ArrayList<>();
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            if (originals.stream().noneMatch(original -> original.name().equals(name))) {
                notes.add("note: transformers.js makes its tokenizer of " + name
                        + ", which the checkpoint does not have; without it, give the model token ids");
            }
        }
        for (WebType type : types) {
            long bytes = graphs.preview(Part.whole(form(type, decoder))).dataBytes();
            if (bytes > LARGEST_FILE) {
                notes.add("note: " + type.dataFile() + " has " + bytes
                        + " bytes, and browsers take files of at most 2 GB; Node.js takes it");
            }
        }
        return notes;
    }

    private static TwofoldException failed(Path file, IOException e) {
        return TwofoldException.environment("cannot write the file")
                .at(Origin.file(file))
                .found(e)
                .cause(e);
    }
}
