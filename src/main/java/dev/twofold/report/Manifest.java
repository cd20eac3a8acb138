package dev.twofold.report;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.target.Target;
import dev.twofold.tensor.IntegerBlocks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What {@code twofold.json} says of an output: where it came from, what was done to it, and the hash of every file but
 * itself and the {@link Provenance} that is derived from it. It says all that decides the bytes of the output. Equal
 * input gives an equal manifest, so it holds neither times nor absolute paths.
 *
 * @param twofold version of the tool
 * @param libraries versions of what else decides the bytes, by name: the runtime that layers were refitted on, if any
 * @param source the checkpoint
 * @param plan the passes with their options, as a pipeline's {@code steps}
 * @param emission how the model was written
 * @param sharding over how many devices, and which of them this directory is for
 * @param model what came out
 * @param files every other file of the directory
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Manifest(
        String twofold,
        SortedMap<String, String> libraries,
        Source source,
        List<JsonNode> plan,
        Emission emission,
        Sharding sharding,
        Model model,
        SortedMap<String, FileFact> files) {

    public static final String NAME = "twofold.json";

    /** A manifest has a line for each file and pass. */
    private static final long MAX_BYTES = 16L << 20;

    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxTokenCount(400_000)
                            .build())
                    .build())
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build()
            .setDefaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /**
     * @param name the checkpoint directory's name
     * @param files its files by name
     * @param options that it was read with, as the command line spells them; left out if there are none
     */
    public record Source(
            String name,
            SortedMap<String, FileFact> files,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) SortedMap<String, String> options) {

        public Source {
            files = new TreeMap<>(files);
            options = new TreeMap<>(options);
        }
    }

    /**
     * How the model was written: the options of its target, as the command line spells them, and the type of its weights, unless
     * the target has its own.
     *
     * @param settings in the order in which they are written
     */
    public record Emission(@JsonValue Map<String, String> settings) {

        private static final String DTYPE = "dtype";

        private static final String BLOCKS = "blocks";

        /** Where it is left out, the model is an ONNX one. */
        private static final String TARGET = "target";

        private static final String DEFAULT_TARGET = "onnx";

        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        public Emission {
            settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
            if (!settings.containsKey(DTYPE)) {
                throw new IllegalArgumentException("emission should say the " + DTYPE);
            }
        }

        public static Emission of(Target target, Decoder decoder) {
            Map<String, String> settings = new LinkedHashMap<>();
            if (!target.name().equals(DEFAULT_TARGET)) {
                settings.put(TARGET, target.name());
            }
            settings.putAll(target.options());
            settings.putIfAbsent(DTYPE, decoder.precision().toString());
            String blocks =
                    decoder.blocks().stream().map(IntegerBlocks::toString).collect(Collectors.joining(" "));
            if (!blocks.isEmpty()) {
                settings.put(BLOCKS, blocks);
            }
            return new Emission(settings);
        }

        public String target() {
            return settings.getOrDefault(TARGET, DEFAULT_TARGET);
        }

        public String dtype() {
            return String.valueOf(settings.get(DTYPE));
        }

        /** The blocks that matrices are rounded to, such as {@code int4/32}; empty if none is. */
        public String blocks() {
            return option(BLOCKS);
        }

        /** An option of the target; empty if there is none of this name. */
        public String option(String name) {
            return settings.getOrDefault(name, "");
        }
    }

    /**
     * How the model is cut over devices. A model on one device is rank 0 of 1. The directory of a model that is cut holds
     * a directory a rank, each with a manifest of its own, and lists no rank itself, so that ranks can be compiled apart.
     *
     * @param ranks the devices whose part of the model is beside this manifest: one, or none
     * @param placement which devices work on which layer of a group
     * @param vocabulary whether the embedding and the head are cut too
     * @param collective the operators in which the devices meet
     */
    public record Sharding(int devices, List<Integer> ranks, String placement, boolean vocabulary, String collective) {

        private static final int MAX_DEVICES = 4096;

        /** A model on one device. */
        public static final Sharding NONE = new Sharding(1, List.of(0), "none", false, "none");

        public Sharding {
            ranks = List.copyOf(ranks);
            int most = devices;
            boolean sound = devices >= 1
                    && devices <= MAX_DEVICES
                    && ranks.size() <= 1
                    && ranks.stream().allMatch(rank -> rank >= 0 && rank < most);
            if (!sound) {
                throw new IllegalArgumentException("ranks " + ranks + " of " + devices + " devices");
            }
        }

        /** Whether this is the directory that holds the directories of the ranks. */
        @JsonIgnore
        public boolean isAbove() {
            return ranks.isEmpty();
        }

        /** The same in the directory of one rank. */
        public Sharding ofRank(int rank) {
            return new Sharding(devices, List.of(rank), placement, vocabulary, collective);
        }

        /** The same in the directory above the ranks'. */
        public Sharding above() {
            return new Sharding(devices, List.of(), placement, vocabulary, collective);
        }
    }

    /**
     * @param layers layers of the checkpoint
     * @param pairs groups of layers that run side by side
     * @param merges runs of steps that are one step, such as {@code 12A-12F}; left out if there are none
     * @param allReduces all-reduces a token when sharded
     * @param endTokens ids at which generation stops
     */
    public record Model(
            int layers,
            int effectiveDepth,
            List<List<Integer>> pairs,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> merges,
            int allReduces,
            int contextLength,
            int vocabularySize,
            List<Integer> endTokens) {

        public Model {
            pairs = pairs.stream().map(List::copyOf).toList();
            merges = List.copyOf(merges);
            endTokens = List.copyOf(endTokens);
            positive("layers", layers);
            positive("contextLength", contextLength);
            positive("vocabularySize", vocabularySize);
            int words = vocabularySize;
            if (endTokens.stream().anyMatch(token -> token < 0 || token >= words)) {
                throw new IllegalArgumentException("endTokens " + endTokens + " of a vocabulary of " + words);
            }
        }

        private static void positive(String key, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(key + " should be 1 or more, not " + value);
            }
        }
    }

    public Manifest {
        libraries = new TreeMap<>(libraries);
        plan = List.copyOf(plan);
        files = new TreeMap<>(files);
    }

    /** The same output, made otherwise and written otherwise. */
    public Manifest of(List<JsonNode> otherPlan, Emission otherEmission) {
        return new Manifest(twofold, libraries, source, otherPlan, otherEmission, sharding, model, files);
    }

    /** What another output does not have in common with this one, if it was not made from the same files in the same way. */
    Optional<String> differenceFrom(Manifest other) {
        if (!twofold.equals(other.twofold) || !libraries.equals(other.libraries)) {
            return Optional.of("another version of Twofold or of its libraries: " + twofold + " " + libraries + ", not "
                    + other.twofold + " " + other.libraries);
        } else if (!source.files().equals(other.source.files())) {
            return Optional.of("another checkpoint, " + source.name());
        } else if (!source.options().equals(other.source.options())) {
            return Optional.of(
                    "the checkpoint read otherwise, " + source.options() + ", not " + other.source.options());
        } else if (!plan.equals(other.plan)) {
            return Optional.of("another plan, " + plan + ", not " + other.plan);
        }
        return emission.equals(other.emission) && model.equals(other.model)
                ? Optional.empty()
                : Optional.of("another form, " + emission + ", not " + other.emission);
    }

    /** Writes {@code twofold.json} into a directory, and the provenance that follows from it. */
    public void write(Path directory) {
        try {
            byte[] document = (MAPPER.writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8);
            write(directory.resolve(NAME), document);
            new Provenance(this, FileHash.sha256(document))
                    .statements()
                    .forEach((name, statement) -> write(directory.resolve(name), statement));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest that is no JSON", e);
        }
    }

    private static void write(Path file, byte[] content) {
        try {
            Files.write(file, content);
        } catch (IOException e) {
            throw TwofoldException.environment("cannot write the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }

    /** @throws TwofoldException of kind INPUT if the directory is not an output of Twofold */
    public static Manifest read(Path directory) {
        Path file = directory.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            throw TwofoldException.input(
                            Files.isDirectory(directory) ? "not an output of Twofold" : "no such directory")
                    .at(Origin.file(directory))
                    .expected("a directory with " + NAME + " in it, as 'twofold convert' makes");
        }
        return readFile(file);
    }

    /** @throws TwofoldException of kind INPUT if the file is not a manifest */
    public static Manifest readFile(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw TwofoldException.input("the manifest is too large")
                        .at(Origin.file(file))
                        .found(Files.size(file) + " bytes")
                        .expected("at most " + MAX_BYTES + " bytes");
            }
            JsonNode document = MAPPER.readTree(file.toFile());
            if (!document.isObject()) {
                throw TwofoldException.input("the manifest is not a JSON object")
                        .at(Origin.file(file))
                        .hint("convert the checkpoint again");
            }
            requireHashes(document, file);
            if (document.path("model") instanceof ObjectNode model && !model.has("merges")) {
                model.putArray("merges");
            }
            if (document.path("source") instanceof ObjectNode source && !source.has("options")) {
                source.putObject("options");
            }
            Manifest manifest = MAPPER.treeToValue(document, Manifest.class);
            manifest.files().keySet().forEach(name -> requireName(file, name));
            return manifest;
        } catch (JsonProcessingException e) {
            throw TwofoldException.input("the manifest is malformed")
                    .at(e instanceof JsonMappingException mapping ? Origin.key(file, key(mapping)) : Origin.file(file))
                    .found(e.getOriginalMessage().lines().findFirst().orElse(""))
                    .hint("convert the checkpoint again")
                    .cause(e);
        } catch (IOException e) {
            throw TwofoldException.input("the manifest cannot be read")
                    .at(Origin.file(file))
                    .found(e)
                    .hint("convert the checkpoint again")
                    .cause(e);
        }
    }

    /** {@code model.contextLength}, {@code plan[2]}. */
    private static String key(JsonMappingException failure) {
        return failure.getPath().stream()
                .map(part -> part.getFieldName() == null ? "[" + part.getIndex() + "]" : "." + part.getFieldName())
                .collect(Collectors.joining())
                .replaceFirst("^\\.", "");
    }

    /** A name that no file of the directory can have would fail, or do harm, wherever it is looked for. */
    private static void requireName(Path manifest, String name) {
        if (!isInside(name)) {
            throw TwofoldException.input("the manifest names a file that cannot be in the directory")
                    .at(Origin.key(manifest, "files"))
                    .found(name)
                    .hint("convert the checkpoint again");
        }
    }

    private static boolean isInside(String name) {
        try {
            Path path = Path.of(name);
            return !name.isEmpty() && !path.isAbsolute() && !path.startsWith("..") && path.equals(path.normalize());
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Before manifests had hashes of the checkpoint, they had its sizes in their place. */
    private static void requireHashes(JsonNode document, Path file) {
        for (JsonNode fact : document.path("source").path("files")) {
            if (fact.isNumber()) {
                throw TwofoldException.input(
                                "the manifest is of an earlier Twofold, without the hashes of the checkpoint")
                        .at(Origin.file(file))
                        .hint("convert the checkpoint again");
            }
        }
    }
}
