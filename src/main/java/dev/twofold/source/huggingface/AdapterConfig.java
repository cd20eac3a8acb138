package dev.twofold.source.huggingface;

import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What an adapter's adapter_config.json says of how it is merged.
 *
 * @param rootScaled whether products are divided by the root of their rank
 * @param alphas of single modules, by the end of their names
 * @param base what it was made for, for messages; empty if it does not say
 */
record AdapterConfig(double alpha, boolean rootScaled, Map<String, Double> alphas, String base) {

    /** Keys that must say nothing, since they would change what is computed. */
    private static final List<String> REFUSED = List.of(
            "use_dora",
            "lora_bias",
            "layer_replication",
            "trainable_token_indices",
            "target_parameters",
            "alora_invocation_tokens",
            "arrow_config",
            "use_qalora",
            "corda_config",
            "loftq_config",
            "velora_config",
            "monteclora_config");

    /** Ways to begin training that leave the checkpoint's own weights as they are. */
    private static final Set<String> HARMLESS_STARTS = Set.of("gaussian", "eva", "orthogonal");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.]+");

    static AdapterConfig read(Path file) {
        ConfigFile config = ConfigFile.read(file);
        String type = config.text("peft_type").orElse("none");
        if (!type.equals("LORA")) {
            throw config.wrong("peft_type", "only LoRA adapters are merged")
                    .found(type)
                    .expected("LORA")
                    .hint("merge it with PEFT (merge_and_unload), and convert that");
        }
        REFUSED.stream().filter(config::says).findFirst().ifPresent(key -> {
            throw config.wrong(key, "adapters of this kind are not merged")
                    .hint("merge it with PEFT (merge_and_unload), and convert that");
        });
        String bias = config.text("bias").orElse("none");
        String start = config.textIfText("init_lora_weights").orElse("gaussian");
        if (!bias.equals("none") || !HARMLESS_STARTS.contains(start)) {
            throw config.wrong(
                            bias.equals("none") ? "init_lora_weights" : "bias", "adapters of this kind are not merged")
                    .found(bias.equals("none") ? start : bias)
                    .hint("merge it with PEFT (merge_and_unload), and convert that");
        }
        Map<String, Double> alphas = new TreeMap<>();
        config.object("alpha_pattern")
                .ifPresent(pattern -> pattern.keys().forEach(key -> {
                    if (!NAME.matcher(key).matches()) {
                        throw pattern.wrong(key, "not the name of a module").found(key);
                    }
                    alphas.put(key, pattern.positiveNumber(key));
                }));
        return new AdapterConfig(
                config.positiveNumber("lora_alpha"),
                config.flag("use_rslora", false),
                alphas,
                config.text("base_model_name_or_path").map(name -> ": " + name).orElse(""));
    }

    /** What a directory that holds nothing but an adapter is for, for messages. */
    static TwofoldException onlyAdapter(Path directory) {
        String base = ConfigFile.read(directory.resolve(Adapter.CONFIG))
                .text("base_model_name_or_path")
                .orElse("the checkpoint that it was made for");
        return TwofoldException.input("this is an adapter, not a model")
                .at(Origin.file(directory))
                .found("an adapter of " + base)
                .hint("give its checkpoint, and --adapter " + directory);
    }

    /** @param module whose product it is */
    double scale(String module, long rank) {
        double own = alphas.entrySet().stream()
                .filter(entry -> module.equals(entry.getKey()) || module.endsWith("." + entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(alpha);
        return own / (rootScaled ? Math.sqrt(rank) : rank);
    }
}
