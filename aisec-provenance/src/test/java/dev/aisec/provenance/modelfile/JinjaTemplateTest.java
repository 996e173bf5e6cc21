// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
    private static byte[] gguf(String template) {
        return GgufTest.file(GgufTest.text("tokenizer.chat_template", template));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"chatml", "llama3", "llama3-tools", "qwen", "mistral", "gemma", "deepseek-r1", "phi", "macros"})
    void check_templateOfModels_isAccepted(String name) throws IOException {
        try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("chat-templates/" + name + ".jinja")) {
            String template = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            ModelFileAsserts.accepted("model.gguf", gguf(template));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain text",
                "{ { not a tag } }",
                "{{ x }}{",
                "{% raw %}{{ ''.__class__ }}{% endraw %}",
                "{# {{ ''.__class__ }} #}",
                "{{ {'a': {'b': 1}} }}",
                "{{ messages[0]['content'] if messages else \"it's\" }}",
                "{{ '}}' }}{{ \"%}\" }}",
                "{%- set __ = ns.update({}) %}",
                "{{ x|tojson(indent=2)|safe }}",
                "{{ 'snake_case_word' + tool_call_id }}",
                "{% set c = message.get('reasoning_content', '') %}{% set n = c.index('x') + 1 %}{{ c[n] }}",
                "{% set ns = namespace(i=0, tool_name='') %}{% set ns.i = ns.i + 1 %}{{ messages[ns.i] }}",
                "{% set l = [] %}{% for m in messages %}{{ l.append(m.content.strip()) or '' }}{% endfor %}{{ l[0] }}",
                "{% macro f(a, b='user') %}{{ roles[b] }}{% endmacro %}{{ f(message['tool_calls'], 'x_y') }}",
                "{{ strftime_now('%d %b %Y') }}{% set d = strftime_now(\"%Y-%m-%d\") %}{{ d }}",
                "<__media__>{{ '<|__end__|>' }}"
            })
    void check_harmlessText_isAccepted(String template) throws IOException {
        ModelFileAsserts.accepted("model.gguf", gguf(template));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.__class__.__mro__[1].__subclasses__() }}",
                "{{ x.__init__.__globals__ }}",
                "{{ x['__class__'] }}",
                "{{ x[\"\\x5f\\x5fclass\\x5f\\x5f\"] }}",
                "{{ x['\\137\\137class\\137\\137'] }}",
                "{{ x['\\u005f_class__'] }}",
                "{{ x['\\N{LOW LINE}_class__'] }}",
                "{{ x['__cl' ~ 'ass__'] }}",
                "{{ x['_' + '_class_' + '_'] }}",
                "{{ x['_' * 2 ~ 'class'] }}",
                "{{ x['%c%cclass%c%c' % (95, 95, 95, 95)] }}",
                "{{ x['%c%cclass'|format(95, 95)] }}",
                "{{ x[['__class', '__']|join] }}",
                "{{ x['XXclassXX'|replace('X', '_')] }}",
                "{{ x['XXclassXX'.replace('X', y)] }}",
                "{{ x['__ssalc__'[::-1]] }}",
                "{{ x['__SSALC__'|lower|reverse] }}",
                "{% set k = '_|_class_|_'.replace('|', '') %}{{ x[k] }}",
                "{% set a = '_|_class_|_' %}{% set k = a.replace('|', '') %}{{ x[k] }}",
                "{% set a = {'b': '_|_class_|_'} %}{% set k = a.b.replace('|', '') %}{{ x[k] }}",
                "{% set k = ('y_' '_class_' '_y').strip('y') %}{{ x[k] }}",
                "{% set k = 'y_' '_class_' '_y' %}{% set k = k|trim('y') %}{{ x[k] }}",
                "{% set k = '{:c}{:c}class{:c}{:c}'.format(95, 95, 95, 95) %}{{ x[k] }}",
                "{% set a = '%c%cclass%c%c' %}{{ x[a % (95, 95, 95, 95)] }}",
                "{% set a = '%c%cclass%c%c' %}{% set k = a % (95, 95, 95, 95) %}{{ x[k] }}",
                "{% macro f(a) %}{% set k = a.replace('|', '') %}{{ x[k] }}{% endmacro %}{{ f('_|_class_|_') }}",
                "{% set range = x.y %}{{ range() }}",
                "{% with dict = x.y %}{{ dict(1) }}{% endwith %}",
                "{% for namespace in x %}{{ namespace() }}{% endfor %}",
                "{% macro f() %}{% endmacro %}{% set f = x.y %}{{ f() }}",
                "{{ '{0._' '_class_' '_}'.format(x) }}",
                "{{ x['' 'mr' 'o'] }}",
                "{% for u in dict(a_b=1) %}{% for c in dict(class=1) %}{% set k = u[1] + u[1] + c %}{{ x[k] }}"
                        + "{% endfor %}{% endfor %}",
                "{% macro f() %}{% for u in kwargs %}{% set k = u[1] + u %}{{ x[k] }}{% endfor %}{% endmacro %}"
                        + "{{ f(a_b=1) }}",
                "{% set k = strftime_now('_%Z_class_%Z_') %}{{ x[k] }}",
                "{{ x[strftime_now('%Z_%Z_class_%Z_')] }}",
                "{% set f = '%Z_%Z_class_%Z_' %}{{ x[strftime_now(f)] }}",
                "{% set l = [] %}{% set e = l.append('_|_class_|_'.replace('|', '')) %}{{ x[l[0]] }}",
                "{% set l = [] %}{{ l.append('_|_class_|_') }}{% set k = l[0].replace('|', '') %}{{ x[k] }}",
                "{% set n = namespace(d={}) %}{% do n.d.update({'k': '_|_class_|_'.replace('|', '')}) %}{{ x[n.d.k] }}",
                "{% set a = {}.get('k', '_|_class_|_') %}{% set k = a.replace('|', '') %}{{ x[k] }}",
                "{% set a = y|default('_|_class_|_') %}{% set k = a.replace('|', '') %}{{ x[k] }}",
                "{% set b = {}.get('k', '-_-')[1] %}{% set a = {}.get('k', 'y_class_') %}{% set k = b + a %}{{ x[k] }}",
                "{% macro f(a='_|_class_|_') %}{% set k = a.replace('|', '') %}{{ x[k] }}{% endmacro %}{{ f() }}",
                "{% for u in y recursive %}{% set k = u.replace('|', '') %}{{ x[k] }}{{ loop(['_|_class_|_']) }}{% endfor %}",
                "{{ x|attr('__class__') }}",
                "{{ x|attr(y) }}",
                "{{ x | attr ( 'a' ) }}",
                "{% set a = 'a' ~ y ~ 'b' %}{{ x[a] }}",
                "{% for a in ['cl' ~ y] %}{{ x[a] }}{% endfor %}",
                "{% set ns.k = 'c' + y %}{{ x[ns.k] }}",
                "{% set u = (()|select|string|list)[24] %}{{ u }}",
                "{% set u = namespace|string %}{{ u }}",
                "{{ (dict|string)[1] }}",
                "{{ raise_exception.__globals__ }}",
                "{{ lipsum.__globals__.os.popen('id').read() }}",
                "{{ lipsum }}",
                "{{ cycler.__init__ }}",
                "{{ joiner }}",
                "{{ self }}",
                "{{ self._TemplateReference__context }}",
                "{{ request.application }}",
                "{{ config.items() }}",
                "{{ get_flashed_messages.x }}",
                "{{ url_for.x }}",
                "{% import 'os' as os %}",
                "{% from 'x' import y %}",
                "{% include '/etc/passwd' %}",
                "{% extends 'x' %}",
                "{% debug %}",
                "{{ x.mro() }}",
                "{{ x.func_globals }}",
                "{{ x.gi_frame.f_back }}",
                "{{ '{0.__class__}'.format(x) }}",
                "{{ y.format(x) }}",
                "{{ '{0}'.format_map(x) }}",
                "{{ x|map('attr', 'y')|list }}",
                "{{ x|map(attribute='__class__')|list }}",
                "{{ x|map(attribute='a.__class__')|list }}",
                "{{ x|map(attribute=y)|list }}",
                "{{ x|selectattr('__class__') }}",
                "{{ x|selectattr(y) }}",
                "{{ x|sort(attribute='__class__') }}",
                "{{ x|groupby('__class__') }}",
                "{{ dict(__class__=1)|first }}",
                "{{ dict(__cl=a, ass__=a)|join }}",
                "{{ dict(_a=1)|join }}",
                "{{ x['a']() }}",
                "{{ x()() }}",
                "{{ eval('1') }}",
                "{{ open('/etc/passwd') }}",
                "{{ getattr(x, 'y') }}",
                "{{ x.system('id') }}",
                "{{ x.popen('id').read() }}",
                "{{ x is evil }}",
                "{{ x|evil }}",
                "{% evil %}",
                "{%- filter attr('x') %}{% endfilter %}",
                "{{- ''.__class__ -}}",
                "{%+ if ''.__class__ %}{% endif %}",
                "{{ [].__class__ }}",
                "{{ ''\n.\n__class__ }}",
                "{% set x = ''.__class__ %}",
                "{% if x.__class__ %}{% endif %}",
                "{% for c in ().__class__.__base__.__subclasses__() %}{% endfor %}",
                "{% macro m(a=''.__class__) %}{% endmacro %}",
                "{% raw %}{% endraw %}{{ ''.__class__ }}",
                "{# #}{{ ''.__class__ }}",
                "{{ {'a': {'b': ''.__class__}} }}",
                "{% set k = u ~ u ~ (dict(class=1)|first) ~ u ~ u %}{{ x[k] }}",
                "{% set k = u + u + (dict(class=1)|first) + u + u %}{{ x[k] }}",
                "{% set k %}{{ u }}{{ u }}class{% endset %}{{ x[k] }}",
                "{% set d = {'k': u ~ u} %}{{ x[d.k] }}",
                "{% set d = {'k': u ~ u} %}{{ x[d['k']] }}",
                "{% macro m(k) %}{{ x[k] }}{% endmacro %}{{ m(u ~ u) }}",
                "{% macro m() %}__class__{% endmacro %}{{ x[m()] }}",
                "{% macro m() %}__class__{% endmacro %}{% set k = m() %}{{ x[k] }}",
                "{% with a = 1, k = u ~ u %}{{ x[k] }}{% endwith %}",
                "{{ x|sum(u ~ u) }}",
                "{{ x|unique(false, u ~ u) }}",
                "{{ x $ y }}",
                "{{ x",
                "{% if x",
                "{# x",
                "{{ 'x }}",
                "{{ (x] }}",
                "{% raw %}x"
            })
    void check_templateThatReachesPython_isRejected(String template) throws IOException {
        ModelFileAsserts.rejected("model.gguf", gguf(template), "gguf.template");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.chat_template.tool_use", "tokenizer.chat_template", "x.chat_template"})
    void check_templateUnderAnyName_isRead(String key) throws IOException {
        ModelFileAsserts.rejected(
                "model.gguf", GgufTest.file(GgufTest.text(key, "{{ ''.__class__ }}")), "gguf.template");
    }

    @Test
    void check_longTemplate_takesLinearTime() throws IOException {
        long start = ModelFileAsserts.cpuNanos();
        ModelFileAsserts.accepted("model.gguf", gguf("{{ x }}{% if y %}z{% endif %}".repeat(30_000)));
        ModelFileAsserts.accepted("model.gguf", gguf("{{ " + "x + ".repeat(200_000) + "x }}"));
        ModelFileAsserts.verify("model.gguf", gguf("{{ " + "(".repeat(100_000) + "x" + ")".repeat(100_000) + " }}"));
        assertThat(ModelFileAsserts.cpuNanos() - start).isLessThan(20_000_000_000L);
        ModelFileAsserts.verify("model.gguf", gguf("{{ " + "x[".repeat(100_000) + "x" + "]".repeat(100_000) + " }}"));
        String key = "x[".repeat(49) + "x" + "]".repeat(49);
        ModelFileAsserts.accepted("model.gguf", gguf("{{ " + (key + " + ").repeat(5_000) + key + " }}"));
        ModelFileAsserts.verify("model.gguf", gguf("{% raw %}" + "{% x".repeat(200_000)));
        ModelFileAsserts.verify("model.gguf", gguf("{{ x" + "|map('upper')|string".repeat(20_000) + " }}"));
        assertThat(ModelFileAsserts.cpuNanos() - start).isLessThan(40_000_000_000L);
    }

    @Test
    void check_mutants_haveAnAnswer() throws IOException {
        ModelFileAsserts.mutations(
                "model.gguf", gguf("{% for m in messages %}{{ m['role'] ~ (m.content|trim) }}{% endfor %}"), 3000);
    }
}
