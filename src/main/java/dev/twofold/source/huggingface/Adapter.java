package dev.twofold.source.huggingface;

import dev.twofold.checkpoint.Adaptation;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Product;
import dev.twofold.weight.Weight.Stored;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A LoRA adapter (Hu et al., 2021), as PEFT writes it, that is merged into the weights it is for:
 *
 * <pre>
 * W + scale * B A        A [rank, in], B [out, rank], scale = alpha / rank, or alpha / sqrt(rank)
 * W'                     where the adapter has the whole tensor
 * </pre>
 *
 * <p>The sum is made in float32 and rounded once, when it is written.
 */
final class Adapter implements Adaptation {

    static final String CONFIG = "adapter_config.json";

    /** At the end of the name of a matrix. */
    private static final String WEIGHT = ".weight";

    private static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PICKLED = "adapter_model.bin";

    /** Before every name: PEFT's model, and in it the model that was adapted. */
    private static final String PREFIX = "base_model.model.";

    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private final List<Path> files;
    private final AdapterConfig config;
    private final Map<String, Stored> unused = new TreeMap<>();
    private int merged;

    private Adapter(List<Path> files, AdapterConfig config) {
        this.files = files;
        this.config = config;
    }

    /** @throws TwofoldException of kind INPUT if there is none, or one that cannot be merged */
    static Adapter read(Path directory) {
        Path configFile = directory.resolve(CONFIG);
        if (!SourceFile.exists(configFile)) {
            throw TwofoldException.input("there is no adapter")
                    .at(Origin.file(directory))
                    .expected("a directory with " + CONFIG + " and " + WEIGHTS + ", as PEFT saves it");
        }
        AdapterConfig config = AdapterConfig.read(configFile);
        Path weights = directory.resolve(WEIGHTS);
        if (!SourceFile.exists(weights) && SourceFile.exists(directory.resolve(PICKLED))) {
            throw TwofoldException.input("the adapter has no safetensors")
                    .at(Origin.file(directory))
                    .found(PICKLED)
                    .hint("save it with PEFT again, which writes " + WEIGHTS);
        }
        Adapter adapter = new Adapter(List.of(configFile, weights), config);
        SafetensorsFile.read(weights).forEach(tensor -> adapter.unused.put(plain(tensor.name()), tensor));
        return adapter;
    }

    private static String plain(String name) {
        return name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    }

    List<Path> files() {
        return files;
    }

    @Override
    public Optional<Stored> replacement(String name) {
        Optional<Stored> replacement = find(name).map(unused::remove);
        replacement.ifPresent(tensor -> merged++);
        return replacement;
    }

    @Override
    public Weight apply(String name, Weight matrix) {
        if (!name.endsWith(WEIGHT)) {
            return matrix;
        }
        String module = name.substring(0, name.length() - WEIGHT.length());
        return find(module + A)
                .map(unused::remove)
                .map(a -> sum(module, matrix, a))
                .orElse(matrix);
    }

    private Weight sum(String module, Weight matrix, Stored a) {
        Stored b = find(module + B)
                .map(unused::remove)
                .orElseThrow(() -> TwofoldException.input("the adapter has one half of a product only")
                        .at(Origin.tensor(a.file(), a.name()))
                        .expected(module + B));
        requireFactors(a, b, matrix.shape());
        merged++;
        float scale = (float) config.scale(module, a.shape().dim(0));
        return new Combined(List.of(matrix, new Product(b, a)), List.of(1f, scale));
    }

    /** Names in a checkpoint may lack the prefix that the model's class gives them. */
    private Optional<String> find(String name) {
        return unused.containsKey(name)
                ? Optional.of(name)
                : unused.keySet().stream()
                        .filter(key -> key.endsWith("." + name) && key.indexOf('.') == key.length() - name.length() - 1)
                        .findFirst();
    }

    private void requireFactors(Stored a, Stored b, Shape matrix) {
        boolean fit = a.shape().rank() == 2
                && b.shape().rank() == 2
                && a.shape().dim(0) == b.shape().dim(1)
                && Shape.of(b.shape().dim(0), a.shape().dim(1)).equals(matrix)
                && a.dtype().isWeight()
                && b.dtype().isWeight();
        if (!fit) {
            throw TwofoldException.input("the adapter does not fit the checkpoint")
                    .at(Origin.tensor(a.file(), a.name()))
                    .found(b.dtype() + " " + b.shape() + " times " + a.dtype() + " " + a.shape())
                    .expected("a product of " + matrix + ", in F32, F16 or BF16")
                    .hint("use the checkpoint that the adapter was made for" + config.base());
        }
    }

    /** @throws TwofoldException of kind INPUT if it has tensors that were merged into nothing */
    @Override
    public void requireUsed() {
        unused.values().stream().findFirst().ifPresent(tensor -> {
            throw TwofoldException.input("the adapter changes what Twofold cannot merge it into"
                            + (unused.size() == 1 ? "" : ", in " + unused.size() + " tensors"))
                    .at(Origin.tensor(tensor.file(), tensor.name()))
                    .found(tensor.shape())
                    .hint("use the checkpoint that the adapter was made for" + config.base()
                            + ", or merge it with PEFT (merge_and_unload) and convert that");
        });
    }

    String note() {
        return "note: the adapter " + files.get(0).resolveSibling("") + " was merged into " + merged + " tensors";
    }
}
