package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What config.json of MiniCPM says that others do not. */
final class MiniCpmTest {

    @TempDir
    private Path directory;

    private EditedFamily family;

    @BeforeEach
    void copy() {
        family = EditedFamily.copy("minicpm", directory.resolve("minicpm"));
    }

    /** As the first ones and MiniCPM 4 0.5B. */
    @Test
    void is_found_by_the_name_of_its_code_where_there_is_no_type() {
        ObjectNode config = family.config();
        config.remove("model_type");
        assertThat(read(config).facts().modelType()).isEqualTo("minicpm");
        config.putObject("auto_map").put("AutoConfig", "openbmb/MiniCPM-2B--configuration_minicpm.MiniCPMConfig");
        assertThat(read(config).facts().modelType()).isEqualTo("minicpm");
        config.putObject("auto_map").put("AutoConfig", "configuration.Config");
        assertThatThrownBy(() -> read(config))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("unknown model family");
    }

    @Test
    void the_context_ends_where_attention_becomes_sparse() {
        ObjectNode config = family.config();
        config.putObject("sparse_config").put("dense_len", 100).put("topk", 64);
        Source limited = open(config, Set.of());
        assertThat(limited.decoder().facts().contextLength()).isEqualTo(99);
        assertThat(limited.notes())
                .anyMatch(note -> note.contains("the context ends at 99 positions")
                        && note.contains("--ignore-key sparse_config"));
        Source whole = open(config, Set.of("sparse_config"));
        assertThat(whole.decoder().facts().contextLength()).isEqualTo(256);
        assertThat(whole.notes()).noneMatch(note -> note.contains("sparse"));
    }

    @Test
    void a_context_that_ends_before_attention_becomes_sparse_needs_no_note() {
        ObjectNode config = family.config();
        config.putObject("sparse_config").put("dense_len", 8192);
        Source whole = open(config, Set.of());
        assertThat(whole.decoder().facts().contextLength()).isEqualTo(256);
        assertThat(whole.notes()).noneMatch(note -> note.contains("sparse"));
    }

    @Test
    void there_is_nothing_to_ignore_without_sparse_attention() {
        assertThatThrownBy(() -> open(family.config(), Set.of("sparse_config")))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("sparse_config");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void attention_that_is_sparse_at_any_length_is_refused(int dense) {
        ObjectNode config = family.config();
        config.putObject("sparse_config").put("dense_len", dense);
        assertThatThrownBy(() -> read(config))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("sparse_config.dense_len")
                .hasMessageContaining("attention would be sparse for texts of any length");
    }

    /** Its code makes its tables for the whole context at once. */
    @Test
    void a_context_longer_than_the_original_one_turns_by_the_long_factors_throughout() {
        ObjectNode config = family.config().put("max_position_embeddings", 512);
        Decoder decoder = read(config);
        assertThat(decoder.facts().contextLength()).isEqualTo(512);
        Rotary.LongRopeScaling scaling =
                (Rotary.LongRopeScaling) decoder.rotaries().get(0).scaling();
        assertThat(scaling.factors().get(1)).isEqualTo(2.0);
        assertThat(scaling.magnitude()).isEqualTo(Math.sqrt(1 + Math.log(2) / Math.log(256)));
        config.putObject("sparse_config").put("dense_len", 100);
        Decoder shorter = read(config);
        assertThat(shorter.facts().contextLength()).isEqualTo(99);
        assertThat(shorter.rotaries().get(0).scaling()).isEqualTo(scaling);
    }

    @Test
    void experts_are_refused() {
        assertThatThrownBy(() -> read(family.config().<ObjectNode>set("num_experts", new IntNode(8))))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("num_experts")
                .hasMessageContaining("there would be experts");
    }

    private Decoder read(ObjectNode config) {
        return open(config, Set.of()).decoder();
    }

    private Source open(ObjectNode config, Set<String> ignored) {
        return Sources.SHIPPED.open(
                family.withConfig(config).directory(), new SourceOptions(Optional.empty(), ignored, RopeRange.SHORT));
    }
}
