package dev.twofold.source.huggingface;

import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.checkpoint.DecoderReader;
import dev.twofold.checkpoint.OwnCode;
import dev.twofold.checkpoint.Quantization;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.checkpoint.SparseAttention;
import dev.twofold.checkpoint.StepwiseDecoder;
import dev.twofold.checkpoint.TensorSource;
import dev.twofold.checkpoint.TextPart;
import dev.twofold.checkpoint.UnknownKeys;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.disk.FileStamps;
import dev.twofold.disk.SourceFile;
import dev.twofold.family.Families;
import dev.twofold.family.Family;
import dev.twofold.source.SourceOptions;
import dev.twofold.stepwise.StepwiseConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens one checkpoint. */
final class CheckpointReader {

    /** Tokenizers of a quarter of a million tokens have 35 MB. */
    private static final long MAX_COMPANION = 256L << 20;

    /** Those that come with Twofold have 2 to 3 KB. */
    private static final long MAX_FAMILY = 64 << 10;

    private final Path directory;
    private final SourceOptions options;
    private final ConfigFile whole;
    private final List<String> notes = new ArrayList<>();

    private CheckpointReader(Path directory, SourceOptions options, ConfigFile whole) {
        this.directory = directory;
        this.options = options;
        this.whole = whole;
    }

    static CheckpointReader of(Path directory, SourceOptions options) {
        Path file = directory.resolve(HuggingFaceFormat.CONFIG);
        if (!SourceFile.exists(file) && SourceFile.exists(directory.resolve(Adapter.CONFIG))) {
            throw AdapterConfig.onlyAdapter(directory);
        }
        return new CheckpointReader(directory, options, ConfigFile.read(file));
    }

    Checkpoint open() {
        FileStamps own = FileStamps.of(directory);
        FileStamps stamps =
                options.adapter().map(other -> own.and(FileStamps.of(other))).orElse(own);
        Optional<Adapter> adapter = options.adapter().map(Adapter::read);
        Checkpoint.sidecars(directory).forEach(file -> SourceFile.require(file, MAX_COMPANION));
        TensorIndex index = TensorIndex.read(directory);
        notes.addAll(index.notes());
        Decoder decoder = decoder(Optional.of(index), adapter);
        SpecialTokens special = SpecialTokens.read(directory, decoder.facts().vocabularySize());
        Decoder ended = endedBy(decoder, special);
        notes.addAll(special.notes(ended.facts().endTokens()));
        adapter.map(Adapter::note).or(this::adapterLeftOut).ifPresent(notes::add);
        List<Path> adapterFiles = adapter.map(Adapter::files).orElse(List.of());
        return new Checkpoint(directory, ended, index.files(), adapterFiles, options, notes, stamps);
    }

    Decoder describe() {
        return decoder(Optional.empty(), Optional.empty());
    }

    /** An adapter beside a checkpoint may have been merged into it already. */
    private Optional<String> adapterLeftOut() {
        return SourceFile.exists(directory.resolve(Adapter.CONFIG))
                ? Optional.of("note: the adapter in the checkpoint's directory is not applied; --adapter " + directory
                        + " merges it")
                : Optional.empty();
    }

    private Decoder decoder(Optional<TensorIndex> index, Optional<Adapter> adapter) {
        Path file = directory.resolve(HuggingFaceFormat.CONFIG);
        Optional<TextPart> part =
                TextPart.of(whole, index.map(found -> found.tensors().keySet()));
        part.map(TextPart::note).ifPresent(notes::add);
        ConfigFile said = part.map(TextPart::config).orElseGet(() -> OwnCode.typed(whole));
        String modelType = said.text("model_type").orElse("no model_type");
        if (modelType.equals(StepwiseConfig.MODEL_TYPE)) {
            return StepwiseDecoder.read(
                    directory, file, tensors(index, file, StepwiseDecoder.NAMES, adapter, Optional.empty()));
        }
        Family family = ownFamily()
                .orElseGet(
                        () -> Families.find(modelType, Origin.key(file, "model_type"), flag -> said.flag(flag, false)));
        ConfigFile config = RopeRange.filled(said, family.attention().rotary());
        UnknownKeys unknown = UnknownKeys.of(config, options.ignoredKeys(), !family.ownCodeIsKnown());
        Optional<Quantization> quantization = Quantization.of(config);
        Family.Names names = family.names().ignoring(part.isPresent() ? TextPart.otherTensors() : List.of());
        TensorSource tensors = tensors(index, file, names, adapter, quantization);
        Decoder decoder =
                DecoderReader.read(directory, family, config, unknown, options.range(), tensors, generation());
        options.range().note(config, family.attention().rotary(), decoder).ifPresent(notes::add);
        SparseAttention.note(
                        config,
                        family.attention().sparse(),
                        options.ignoredKeys(),
                        decoder.facts().contextLength())
                .ifPresent(notes::add);
        quantization.map(found -> found.note(tensors.quantized())).ifPresent(notes::add);
        if (!options.repeats()) {
            unknown.requireUse();
        }
        notes.addAll(unknown.notes());
        return decoder;
    }

    private static TensorSource tensors(
            Optional<TensorIndex> index,
            Path config,
            Family.Names names,
            Optional<Adapter> adapter,
            Optional<Quantization> quantization) {
        return index.map(found -> TensorSource.of(
                        found.tensors(), found.files().get(0), HuggingFaceFormat.CONFIG, names, adapter, quantization))
                .orElseGet(() -> TensorSource.described(config, names));
    }

    private Optional<Family> ownFamily() {
        Path file = directory.resolve(Families.OWN);
        return SourceFile.exists(file)
                ? Optional.of(Families.parse(file, SourceFile.text(file, MAX_FAMILY)))
                : Optional.empty();
    }

    private Optional<ConfigFile> generation() {
        Path file = directory.resolve(HuggingFaceFormat.GENERATION);
        return SourceFile.exists(file) ? Optional.of(ConfigFile.read(file)) : Optional.empty();
    }

    /** Where no configuration names a token that ends a text, the tokenizer may. */
    private static Decoder endedBy(Decoder decoder, SpecialTokens special) {
        return special.endToken()
                .filter(token -> decoder.facts().endTokens().isEmpty())
                .map(token -> decoder.withFacts(decoder.facts().withEndTokens(List.of(token))))
                .orElse(decoder);
    }
}
