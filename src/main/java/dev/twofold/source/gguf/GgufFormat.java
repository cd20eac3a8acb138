package dev.twofold.source.gguf;

import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.checkpoint.DecoderReader;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.checkpoint.TensorSource;
import dev.twofold.checkpoint.UnknownKeys;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileStamps;
import dev.twofold.family.Family;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.Metadata;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import dev.twofold.source.SourceOptions;
import dev.twofold.weight.Weight.OnDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * GGUF files, which llama.cpp runs. What they hold becomes what a checkpoint of the same model would be: the metadata a
 * config.json and a tokenizer.json, the tensors those of the family under other names.
 */
public final class GgufFormat implements SourceFormat {

    static final String EXTENSION = ".gguf";

    static final String ARCHITECTURE = "general.architecture";

    /** What the shapes of tensors follow from, for messages. */
    private static final String METADATA = "the metadata";

    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public String expected() {
        return "a GGUF file, or the first of its parts";
    }

    @Override
    public boolean recognises(Path path) {
        return String.valueOf(path.getFileName()).endsWith(EXTENSION) && !Files.isDirectory(path);
    }

    @Override
    public Source open(Path file) {
        return open(file, RopeRange.SHORT);
    }

    /** Of what users may want, files have the range of positions. */
    @Override
    public Source open(Path file, SourceOptions options) {
        SourceOptions others = new SourceOptions(options.adapter(), options.ignoredKeys(), RopeRange.SHORT);
        return others.equals(SourceOptions.NONE) ? open(file, options.range()) : SourceFormat.super.open(file, options);
    }

    /** Reads headers, and what few weights positions are made of. */
    private Source open(Path file, RopeRange range) {
        FileStamps stamps = FileStamps.of(parent(file));
        Shards shards = Shards.read(file);
        Metadata metadata = new Metadata(shards.first());
        Map<String, OnDisk> tensors = shards.tensors();
        Described described = described(metadata, tensors);
        Optional<Vocabulary> vocabulary = Vocabulary.read(metadata, described.rows());
        List<String> notes = new ArrayList<>();
        if (vocabulary.isEmpty()) {
            notes.add("note: the tokenizer is of the kind "
                    + metadata.text(Vocabulary.MODEL).orElse("none") + ", which is not rebuilt");
        }
        GeneratedFiles generated = new GeneratedFiles(described.made().config(), vocabulary);
        Decoder decoder = decoder(file, described, tensors, vocabulary, range);
        Family family = described.architecture().described();
        range.note(config(file, described), family.attention().rotary(), decoder)
                .ifPresent(notes::add);
        return new GgufModel(
                file, decoder, shards.files(), vocabulary.isPresent(), generated, range, List.copyOf(notes), stamps);
    }

    @Override
    public Decoder describe(Path file) {
        Shards shards = Shards.read(file);
        Metadata metadata = new Metadata(shards.first());
        Map<String, OnDisk> tensors = shards.tensors();
        Described described = described(metadata, tensors);
        Optional<Vocabulary> vocabulary = Vocabulary.read(metadata, described.rows());
        return decoder(file, described, tensors, vocabulary, RopeRange.SHORT);
    }

    /**
     * What the metadata says of a model.
     *
     * @param rows of the embedding
     */
    private record Described(Architecture architecture, ModelConfig.Made made, int rows) {}

    private static Described described(Metadata metadata, Map<String, OnDisk> tensors) {
        String name = metadata.requireText(ARCHITECTURE);
        Architecture architecture = ArchitectureChoice.of(metadata, name);
        int rows = rows(metadata, architecture.described(), tensors);
        return new Described(architecture, ModelConfig.of(metadata, name, architecture, tensors, rows), rows);
    }

    /** As many as the embedding has, which may be more than the tokenizer has tokens. */
    private static int rows(Metadata metadata, Family family, Map<String, OnDisk> tensors) {
        String name = family.names().embedding() + ".weight";
        OnDisk table = tensors.get(name);
        if (table == null || table.shape().rank() != 2 || table.shape().dim(0) > Integer.MAX_VALUE) {
            throw TwofoldException.input(table == null ? "the tensor is missing" : "wrong shape")
                    .at(Origin.tensor(metadata.file(), name))
                    .found(table == null ? "no such tensor" : table.shape())
                    .expected("a row for each token");
        }
        return (int) table.shape().dim(0);
    }

    private static ConfigFile config(Path file, Described described) {
        return ConfigFile.of(file, described.made()::spelled, described.made().config());
    }

    private static Decoder decoder(
            Path file,
            Described described,
            Map<String, OnDisk> tensors,
            Optional<Vocabulary> vocabulary,
            RopeRange range) {
        Family family = described.architecture().described();
        ConfigFile config = config(file, described);
        Optional<ConfigFile> generation = vocabulary.map(tokens ->
                ConfigFile.of(file, described.made()::spelled, new CompanionDocuments(tokens).generationConfig()));
        TensorSource source =
                TensorSource.of(tensors, file, METADATA, family.names(), Optional.empty(), Optional.empty());
        return DecoderReader.read(
                file, family, config, UnknownKeys.of(config, Set.of(), false), range, source, generation);
    }

    /** Spelled so that what it lists is spelled like the file. */
    private static Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }
}
