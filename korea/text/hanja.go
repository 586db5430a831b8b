package text

import "strings"

// readings are the Han characters of administrative and legal prose, each before its
// Korean reading (대법원 인명용 한자표 gives the same). A word with another character
// has no reading here.
const readings = `
加가 可가 價가 家가 街가 各각 間간 監감 感감 甲갑 江강 開개 個개 改개 居거 建건 件건 格격 見견 決결 結결 經경 警경 景경 計계 契계 係계
界계 季계 告고 故고 高고 雇고 考고 公공 共공 工공 空공 功공 科과 課과 果과 過과 官관 關관 管관 觀관 光광 廣광 交교 敎교 校교 區구 求구 救구 構구
國국 局국 郡군 軍군 權권 勸권 規규 均균 金금 禁금 給급 期기 機기 基기 技기 記기 氣기 旣기 起기 難난 南남 男남 納납 內내 女녀 年년 農농 能능
團단 單단 段단 擔담 談담 當당 黨당 代대 大대 對대 待대 隊대 貸대 道도 都도 島도 度도 圖도 導도 獨독 督독 洞동 動동 東동 同동 登등 等등
量량 慮려 力력 歷력 聯련 領령 令령 例례 禮례 老로 勞로 路로 錄록 論론 料료 累루 類류 流류 留류 律률 率률 利리 理리 里리 林림 立립
滿만 望망 賣매 買매 面면 免면 命명 名명 明명 母모 募모 木목 目목 務무 無무 文문 問문 物물 未미 民민 密밀 反반 發발 方방 防방 放방 配배 番번
罰벌 犯범 範범 法법 變변 別별 兵병 病병 補보 保보 報보 普보 福복 復복 本본 部부 府부 附부 付부 負부 北북 分분 不불 備비 費비 比비 非비 秘비
事사 社사 司사 使사 査사 私사 士사 師사 産산 山산 算산 上상 商상 相상 賞상 償상 傷상 狀상 生생 書서 署서 石석 選선 船선 設설 成성 性성 稅세 世세
所소 消소 小소 少소 訴소 屬속 續속 送송 訟송 水수 手수 首수 收수 受수 授수 數수 需수 修수 順순 術술 習습 承승 市시 施시 時시 示시 視시 試시
式식 食식 植식 信신 申신 新신 身신 神신 失실 實실 室실 審심 心심 安안 案안 暗암 約약 藥약 養양 讓양 樣양 語어 業업 易역 役역 域역 硏연 延연 年년 
英영 營영 永영 榮영 豫예 預예 藝예 誤오 溫온 完완 外외 要요 用용 運운 原원 院원 願원 員원 元원 園원 援원 委위 位위 違위 危위 衛위 爲위 由유 有유 油유 遊유
育육 銀은 音음 邑읍 應응 議의 意의 義의 醫의 依의 異이 移이 人인 認인 印인 因인 一일 日일 任임 賃임 入입 自자 者자 資자 子자 字자 作작 長장 場장 障장 章장
財재 裁재 災재 在재 再재 低저 貯저 籍적 適적 積적 的적 全전 電전 傳전 轉전 展전 專전 節절 切절 絶절 店점 點점 定정 政정 正정 情정 程정 停정 整정 訂정
第제 制제 製제 提제 除제 題제 祭제 條조 調조 助조 組조 造조 措조 照조 族족 存존 種종 終종 從종 宗종 罪죄 主주 住주 州주 週주 準준 中중 重중 證증 增증 地지 支지
知지 指지 止지 持지 紙지 誌지 直직 職직 進진 診진 質질 秩질 集집 執집 徵징 懲징 次차 車차 差차 着착 參참 窓창 債채 採채 策책 責책 處처 鐵철 廳청 請청 聽청 靑청
體체 滯체 村촌 總총 推추 築축 出출 充충 取취 就취 測측 治치 置치 親친 侵침 稱칭 打타 他타 託탁 脫탈 土토 通통 統통 退퇴 投투 特특 波파 判판 販판 便편 評평 平평 廢폐
包포 布포 暴폭 表표 標표 品품 風풍 被피 避피 必필 下하 河하 學학 韓한 限한 合합 航항 港항 害해 海해 解해 該해 行행 鄕향 許허 憲헌 險험 驗험 現현 血혈 協협 刑형 形형
惠혜 戶호 護호 湖호 婚혼 畫화 火화 化화 貨화 話화 確확 還환 環환 患환 換환 活활 會회 回회 效효 後후 訓훈 休휴 興흥`

var readingOf = func() map[rune]rune {
	m := map[rune]rune{}
	for _, pair := range strings.Fields(readings) {
		r := []rune(pair)
		m[r[0]] = r[1]
	}
	return m
}()

// readHanja returns a word of Han characters in Hangul, 民願 as 민원 and 料金 as 요금
// by the rule for initials (두음법칙, 한글 맞춤법 제10항∼제12항), or "" where a
// character is not known.
func readHanja(word string) string {
	var out strings.Builder
	var before rune
	for _, han := range word {
		r, ok := readingOf[han]
		if !ok {
			return ""
		}
		i, m, f := jamo(r)
		final := -1
		if before != 0 {
			_, _, final = jamo(before)
		}
		switch palatal := strings.ContainsRune("ㅑㅕㅖㅛㅠㅣ", vowels[m]); {
		case before == 0 && i == rieul && palatal, before == 0 && i == nieun && palatal:
			i = ieung
		case before == 0 && i == rieul:
			i = nieun
		case (r == '률' || r == '렬') && (final == 0 || final == finalNieun): // 비율, 운율, but 법률
			i = ieung
		}
		r = syllableOf(i, m, f)
		out.WriteRune(r)
		before = r
	}
	return out.String()
}
