package dev.twofold.target.transformers;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.JsonFile;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import dev.twofold.stepwise.StepwiseConfig;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Writes a decoder as a checkpoint that transformers loads: of a family that it knows where all layers have one shape, of
 * Twofold's own architecture, whose code comes with it, everywhere else.
 *
 * @param shardBytes most bytes of weights in a file
 */
public record TransformersTarget(long shardBytes) implements Target {

    public static final String NAME = "transformers";

    /** 5 GB, where transformers cuts too. */
    private static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    private static final String CONFIG = "config.json";

    public TransformersTarget() {
        this(DEFAULT_SHARD_BYTES);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>();
    }

    @Override
    public Optional<NotApplicable> check(Decoder decoder, List<Companion> originals) {
        if (!decoder.blocks().isEmpty()) {
            return Optional.of(new NotApplicable(
                    "PyTorch has no matrices in blocks of whole numbers like those of an ONNX model",
                    "--dtype bf16, or --target onnx"));
        }
        if (decoder.sharding().isPresent()) {
            return Optional.of(new NotApplicable(
                    "transformers cuts a checkpoint over devices when it loads it", "leave out --devices"));
        }
        if (!decoder.blocks().isEmpty()) {
            return Optional.of(new NotApplicable(
                    "its weights are fp32, fp16 or bf16, not " + decoder.blocks(),
                    "--dtype fp32 here, and round what training made of it"));
        }
        return UnheldMathematics.in(decoder).map(reason -> new NotApplicable(reason, "--target onnx"));
    }

    @Override
    public List<Part> parts(Decoder decoder) {
        return List.of(Part.whole(decoder));
    }

    @Override
    public Optional<String> next(Path directory) {
        return Optional.of(
                "twofold convert " + directory + " --window 0:0 -o DIR, for ONNX Runtime, now or after training");
    }

    @Override
    public Preview preview(Part part) {
        Decoder decoder = part.decoder();
        Shards shards = shards(decoder);
        long caches = decoder.attentions()
                .mapToLong(attention -> 2L * attention.kvHeads() * attention.headSize())
                .sum();
        return new Preview(
                shards.dataBytes(),
                shards.fileBytes(),
                caches * decoder.precision().dtype().bytes(),
                OptionalInt.empty());
    }

    private Shards shards(Decoder decoder) {
        return Shards.of(
                CheckpointForm.of(decoder).weights(), decoder.precision().dtype(), shardBytes);
    }

    /** Of several files only the length and hash of the last are returned; the others are hashed again. */
    @Override
    public Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer) {
        CheckpointForm form = CheckpointForm.of(part.decoder());
        Shards shards = shards(part.decoder());
        Written written = new Written(0, "");
        for (Shard shard : shards.files()) {
            written = writer.write(directory.resolve(shard.name()), shard.head(), shard.placements());
        }
        try {
            if (shards.areSeveral()) {
                Files.writeString(directory.resolve(Shards.INDEX), ConfigText.of(shards.index()));
            }
            Files.writeString(directory.resolve(CONFIG), ConfigText.of(form.config()));
            if (form.bringsCode()) {
                ModelCode.write(directory);
            }
        } catch (IOException e) {
            throw failed(directory, e);
        }
        return written;
    }

    @Override
    public String weightFile() {
        return Shards.SINGLE;
    }

    /** The tokenizer's files and the generation settings as they are; config.json is another one. */
    @Override
    public void companions(Part part, List<Companion> originals, Path directory) {
        for (Companion original : originals) {
            Path copy = directory.resolve(original.name());
            if (original.name().equals(CONFIG)) {
                continue;
            }
            try (InputStream content = original.content().open()) {
                Files.copy(content, copy);
            } catch (IOException e) {
                throw failed(copy, e);
            }
        }
    }

    /** Headers and lengths, and that config.json says what it should; there is no Python here to load it. */
    @Override
    public void verify(Part part, Path directory) {
        try {
            shards(part.decoder()).verify(directory);
        } catch (IOException e) {
            throw failed(directory, e);
        }
        CheckpointForm form = CheckpointForm.of(part.decoder());
        Path config = directory.resolve(CONFIG);
        boolean same = form.bringsCode()
                ? StepwiseConfig.read(config, JsonFile.read(config)).equals(StepwiseConfig.of(part.decoder()))
                : JsonFile.read(config).toString().equals(form.config().toString());
        if (!same) {
            throw new IllegalStateException(config + " does not describe the model that was to be written");
        }
    }

    @Override
    public List<String> notes(Decoder decoder, List<Companion> originals) {
        CheckpointForm form = CheckpointForm.of(decoder);
        String loads = form.bringsCode()
                ? "note: transformers 5.10 or newer loads it as " + form.architecture()
                        + ", with trust_remote_code=True"
                : "note: transformers, vLLM and others load it as " + form.architecture() + ", without code of its own";
        List<Long> devices = TensorParallelism.devices(decoder);
        String cuts = devices.size() == 1
                ? "note: torch.distributed cannot cut it over devices, by its heads or by its kind"
                : "note: torch.distributed can cut it over "
                        + devices.stream().skip(1).map(String::valueOf).collect(Collectors.joining(", ")) + " devices";
        return List.of(loads, cuts);
    }

    private static TwofoldException failed(Path path, IOException e) {
        return TwofoldException.environment("cannot copy, write or read the file")
                .at(Origin.file(path))
                .found(e)
                .cause(e);
    }
}
